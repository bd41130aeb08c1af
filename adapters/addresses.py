"""A NATS server's address: what is in it, and what a `tls://` one needs besides."""

import logging
import ssl
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

_asyncio_log = logging.getLogger("asyncio")


class Tls(NamedTuple):
    """How to know a server at a `tls://` address, and be known by it.

    `server_name` is whom its certificate must name; `""`: the host in its address.
    """

    context: ssl.SSLContext
    server_name: str = ""


def taken_apart(server: str) -> tuple[str, str, str]:
    """A server's address without its user and password, and these."""
    parts = urlsplit(server)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, unquote(parts.username or ""), unquote(parts.password or "")


def tls_options(address: str, tls: Tls | None) -> dict[str, Any]:
    """What the client needs for a `tls://` address.

    The handshake comes first. Else the client would believe a greeting that says that there is no need of TLS, which
    anybody in between could send, and would show its password.
    """
    if not address.startswith("tls://"):
        return {}
    _asyncio_log.addFilter(_is_news)
    context, server_name = tls or Tls(ssl.create_default_context())
    return {
        "tls": context,
        "tls_hostname": server_name or urlsplit(address).hostname,
        "tls_handshake_first": True,
    }


def _is_news(record: logging.LogRecord) -> bool:
    """Not that the client's protocol says so at the end of every TLS connection, which has no effect indeed."""
    return "eof_received() has no effect when using ssl" not in record.getMessage()

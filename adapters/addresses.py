"""A NATS server's address: its parts, and the options of a `tls://` address."""

import logging
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from core.certificates import Certificate

_asyncio_log = logging.getLogger("asyncio")


class Tls(NamedTuple):
    """The TLS settings for a server at a `tls://` address.

    `server_name` is the name that its certificate must have; `""` means the host in its address.
    """

    context: ssl.SSLContext
    server_name: str = ""


def taken_apart(server: str) -> tuple[str, str, str]:
    """A server's address without its login, then the user and the password."""
    parts = urlsplit(server)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, unquote(parts.username or ""), unquote(parts.password or "")


def tls_options(address: str, tls: Tls | None) -> dict[str, Any]:
    """The client's options for a `tls://` address.

    The handshake comes first. Otherwise an attacker on the way could send a greeting that asks for no TLS, and the
    client would send its password in the clear.
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


def shown_in(peer: Mapping[str, Any] | None) -> Certificate | None:
    """The certificate that the other side has shown, from `ssl`'s description of it; None without TLS."""
    if not peer:
        return None
    names = dict(pair for part in peer.get("subject", ()) for pair in part)
    return Certificate(names.get("commonName", ""), int(ssl.cert_time_to_seconds(peer["notAfter"])))


def _is_news(record: logging.LogRecord) -> bool:
    """Drops the line that asyncio logs at the end of every TLS connection. It reports no problem."""
    return "eof_received() has no effect when using ssl" not in record.getMessage()

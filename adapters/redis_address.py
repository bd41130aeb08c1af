"""The address of a region's Redis: its connections, and the options that crosshook can use."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from redis.asyncio.connection import Connection, SSLConnection, parse_url

from adapters.dialling import Address, Dialler

REDIS_PORT = 6379
"""The port of an address that names none."""

_TIMES = ("socket_timeout", "socket_connect_timeout", "health_check_interval")
_OPTIONS = ("db", "socket_keepalive", *_TIMES)
_TLS_OPTIONS = (
    "ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_password", "ssl_cert_reqs",
    "ssl_check_hostname", "ssl_min_version", "ssl_ciphers", "ssl_include_verify_flags", "ssl_exclude_verify_flags",
)  # fmt: skip


class _Dialled(Connection):
    """A connection that tries every address of its host. All connections of its pool share `dialler`."""

    def __init__(self, *, dialler: Dialler, **options: Any) -> None:  # noqa: ANN401 - redis-py's own
        super().__init__(**options)
        self._dialler = dialler
        self._address: Address | None = None
        self._connected: socket.socket | None = None

    async def _connect(self) -> None:
        if self._address is not None:
            self._dialler.avoid(self._address)  # There was a connection to it, and it was lost.
        timeout_seconds: float = self.socket_connect_timeout  # type: ignore[assignment]  # Every pool sets it.
        self._address, self._connected = await self._dialler.connect(timeout_seconds=timeout_seconds)
        await super()._connect()  # type: ignore[no-untyped-call]

    def _connection_arguments(self) -> Mapping[str, Any]:
        arguments = dict(super()._connection_arguments())
        del arguments["host"], arguments["port"]
        return {**arguments, "sock": self._connected}


class _DialledTls(_Dialled, SSLConnection):
    """The same over TLS, with the settings in `tls`, or with the address's own options if that is None."""

    def __init__(self, *, tls: ssl.SSLContext | None, **options: Any) -> None:  # noqa: ANN401 - redis-py's own
        super().__init__(**options)
        self._tls = tls

    def _connection_arguments(self) -> Mapping[str, Any]:
        arguments = super()._connection_arguments()
        return {**arguments, "ssl": self._tls or arguments["ssl"], "server_hostname": self.host}


def options_of(address: str, *, tls: ssl.SSLContext | None = None) -> dict[str, Any]:
    """The options of a connection pool for the Redis at `address`.

    `tls` is for a `rediss://` address that has no `ssl_` options. Raises whatever redis-py does at a bad address.
    """
    options: dict[str, Any] = {**parse_url(address)}
    if "path" not in options:
        options["dialler"] = Dialler(options["host"], options.get("port", REDIS_PORT))
        is_secure = options.get("connection_class") is SSLConnection
        options["connection_class"] = _DialledTls if is_secure else _Dialled
        if is_secure:
            options["tls"] = None if any(name.startswith("ssl_") for name in options) else tls
    return options


def refusal_of(address: str) -> str:
    """Why crosshook cannot use a valid address of a Redis, because of its options; `""` if it can."""
    parts = urlsplit(address)
    known = (*_OPTIONS, *_TLS_OPTIONS) if parts.scheme == "rediss" else _OPTIONS
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(given) - set(known)):
        return f"unknown option {unknown[0]!r}; {parts.scheme}:// has {', '.join(known)}"
    try:
        options = options_of(address)
        connection = options.pop("connection_class")(**options)
        if isinstance(connection, SSLConnection):
            connection.ssl_context.get()
    except Exception as error:  # noqa: BLE001 - redis-py and ssl raise many kinds; none repeats a password
        return f"its options are refused: {error}"
    if wrong := [name for name in _TIMES if not float(given.get(name) or 1) > 0]:
        return f"{wrong[0]}: expected a number of seconds above 0"
    return ""

"""The address of a region's Redis: its connections, and the options that crosshook can use."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from redis.asyncio.connection import Connection, SSLConnection, parse_url
from redis.credentials import CredentialProvider

from adapters.addresses import shown_in
from adapters.dialling import Address, Dialler
from core.certificates import Certificate

REDIS_PORT = 6379
"""The port of an address that names none."""

_TIMES = ("socket_timeout", "socket_connect_timeout", "health_check_interval")
_OPTIONS = ("db", "socket_keepalive", *_TIMES)
_TLS_OPTIONS = (
    "ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_password", "ssl_cert_reqs",
    "ssl_check_hostname", "ssl_min_version", "ssl_ciphers", "ssl_include_verify_flags", "ssl_exclude_verify_flags",
)  # fmt: skip


class Access(CredentialProvider):
    """The login and the TLS settings of all connections of one pool. A change counts from their next dial."""

    def __init__(self, user: str, password: str, tls: ssl.SSLContext | None) -> None:
        self.login = (user, password) if user else (password,)
        self.tls = tls
        self.certificate: Certificate | None = None
        """The certificate that Redis has shown last."""

    @property
    def is_login(self) -> bool:
        """Whether there is a login at all."""
        return any(self.login)

    def get_credentials(self) -> tuple[str, str] | tuple[str]:
        """The user and the password."""
        return self.login

    async def get_credentials_async(self) -> tuple[str, str] | tuple[str]:
        """The same. Without this method redis-py logs a warning."""
        return self.login

    def is_like(self, other: "Access") -> bool:
        """Whether the login and the TLS settings are the same."""
        return self.login == other.login and self.tls is other.tls

    def become(self, other: "Access") -> None:
        """Take the login and the TLS settings of another one."""
        self.login, self.tls = other.login, other.tls


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
    """The same over TLS, with the settings in `access`, or with the address's own options if these are None."""

    def __init__(self, *, access: Access, **options: Any) -> None:  # noqa: ANN401 - redis-py's own
        super().__init__(**options)
        self._access = access

    async def _connect(self) -> None:
        await super()._connect()
        self._access.certificate = None if self._writer is None else shown_in(self._writer.get_extra_info("peercert"))

    def _connection_arguments(self) -> Mapping[str, Any]:
        arguments = super()._connection_arguments()
        return {**arguments, "ssl": self._access.tls or arguments["ssl"], "server_hostname": self.host}


def access_of(address: str, *, tls: ssl.SSLContext | None = None) -> Access:
    """The login in `address`, and the TLS settings if its own options do not decide them."""
    options = parse_url(address)
    own = any(name.startswith("ssl_") for name in options)
    return Access(options.get("username") or "", options.get("password") or "", None if own else tls)


def options_of(address: str, access: Access | None = None) -> dict[str, Any]:
    """The options of a connection pool for the Redis at `address`. Without `access` the address has all of it.

    Raises whatever redis-py does at a bad address.
    """
    access = access or access_of(address)
    options: dict[str, Any] = {**parse_url(address)}
    if access.is_login:
        options = {name: value for name, value in options.items() if name not in {"username", "password"}}
        options["credential_provider"] = access
    if "path" not in options:
        options["dialler"] = Dialler(options["host"], options.get("port", REDIS_PORT))
        is_secure = options.get("connection_class") is SSLConnection
        options["connection_class"] = _DialledTls if is_secure else _Dialled
        if is_secure:
            options["access"] = access
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

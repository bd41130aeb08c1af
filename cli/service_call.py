"""One HTTP request to a service, on its own connection, with bounded time and size."""

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

CONNECT_SECONDS_MAX = 5.0
RESPONSE_BYTES_MAX = 4 << 20
"""More than a page of 1,000 API keys with the longest names."""

_PORTS = {"http": 80, "https": 443}


class InvalidUrl(ValueError):
    """The text is not the URL of a service."""


class ServiceUrl(msgspec.Struct, frozen=True):
    """The URL of a service. The path is empty, unless a proxy in front of the service adds one."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


class Response(msgspec.Struct, frozen=True):
    """A complete response."""

    status: int
    body: bytes


class NotConnected(Exception):
    """There is no connection, so nothing was sent. The text is the reason."""


class NotAnswered(Exception):
    """The request was sent, and no complete response came. The service may have done it. The text is the reason."""


def parse_service_url(text: str) -> ServiceUrl:
    """The URL in `text`. Raises `InvalidUrl`, also for a URL with a password, which other users could see."""
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise InvalidUrl from None
    is_more = "@" in parts.netloc or parts.query or parts.fragment
    if parts.scheme not in _PORTS or not parts.hostname or is_more or not text.isascii() or not text.isprintable():
        raise InvalidUrl
    return ServiceUrl(scheme=parts.scheme, host=parts.hostname, port=port, path=parts.path.rstrip("/"))


def call(
    service: ServiceUrl,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    seconds_max: float,
) -> Response:
    """The service's response. A connection takes 5 s at most; then the service may be silent for `seconds_max`.

    Redirections are not followed, so that no credentials reach another host. Raises `NotConnected`, `NotAnswered`.
    """
    connection = _connection(service)
    try:
        try:
            connection.connect()
        except (OSError, UnicodeError) as error:
            raise NotConnected(_reason(error)) from error
        connection.sock.settimeout(seconds_max)
        try:
            connection.request(method, service.path + path, body=body, headers=dict(headers))
            with connection.getresponse() as response:
                body = response.read(RESPONSE_BYTES_MAX)
        except TimeoutError as error:
            raise NotAnswered(f"no response within {seconds_max:g} s") from error
        except OSError as error:
            raise NotAnswered(_reason(error)) from error
        except http.client.HTTPException as error:
            raise NotAnswered("the response is not HTTP") from error
        if response.length:
            raise NotAnswered("the response is not complete")
        return Response(status=response.status, body=body)
    finally:
        connection.close()


def _connection(service: ServiceUrl) -> http.client.HTTPConnection:
    if service.scheme == "http":
        return http.client.HTTPConnection(service.host, service.port, timeout=CONNECT_SECONDS_MAX)
    trusted = ssl.create_default_context()
    return http.client.HTTPSConnection(service.host, service.port, timeout=CONNECT_SECONDS_MAX, context=trusted)


def _reason(error: Exception) -> str:
    """The error's text, on one line of at most 300 characters."""
    words = (getattr(error, "strerror", None) or str(error)).split()
    return " ".join(words)[:300] or type(error).__name__

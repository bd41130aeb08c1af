"""One HTTP request to a service, on a connection of its own, bounded in time and size."""

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

CONNECT_SECONDS_MAX = 5.0
ANSWER_BYTES_MAX = 4 << 20
"""Above a page of 1,000 API keys with the longest names."""

_PORTS = {"http": 80, "https": 443}


class InvalidUrl(ValueError):
    """Not the address of a service."""


class ServiceUrl(msgspec.Struct, frozen=True):
    """Where a service is. The path is what a proxy in front of it adds, and mostly empty."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


class Answer(msgspec.Struct, frozen=True):
    """What came back, whole."""

    status: int
    body: bytes


class NotConnected(Exception):
    """Nothing was sent, and why."""


class NotAnswered(Exception):
    """The request was sent and no whole answer came back, and why. What it asks for may have been done."""


def parse_service_url(text: str) -> ServiceUrl:
    """The address that `text` is. Raises `InvalidUrl`, also where it has a password in it, which others could see."""
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
) -> Answer:
    """What the service answers. It is connected to within 5 s, and may be silent for `seconds_max` after that.

    Redirections are not followed, so that no credentials go where they were not meant to. Raises `NotConnected`,
    `NotAnswered`.
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
                body = response.read(ANSWER_BYTES_MAX)
        except TimeoutError as error:
            raise NotAnswered(f"nothing came within {seconds_max:g} s") from error
        except OSError as error:
            raise NotAnswered(_reason(error)) from error
        except http.client.HTTPException as error:
            raise NotAnswered("what came is no HTTP") from error
        if response.length:
            raise NotAnswered("what came is not the whole answer")
        return Answer(status=response.status, body=body)
    finally:
        connection.close()


def _connection(service: ServiceUrl) -> http.client.HTTPConnection:
    if service.scheme == "http":
        return http.client.HTTPConnection(service.host, service.port, timeout=CONNECT_SECONDS_MAX)
    trusted = ssl.create_default_context()
    return http.client.HTTPSConnection(service.host, service.port, timeout=CONNECT_SECONDS_MAX, context=trusted)


def _reason(error: Exception) -> str:
    """An error in words, on one line."""
    words = (getattr(error, "strerror", None) or str(error)).split()
    return " ".join(words)[:300] or type(error).__name__

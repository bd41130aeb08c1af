"""The measured requests, and the requests that prepare them."""

import http.client
import itertools
import re
import socket
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec

from bench.errors import UnexpectedResponse, Unmeasured
from core.catalogue import NAMES
from core.consistency import Level

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
_WEBHOOKS = "/organizations/webhooks"
_TIMEOUT_SECONDS = 120
_number = itertools.count()


class _Webhook(msgspec.Struct):
    id: str


class _Registered(msgspec.Struct):
    result: _Webhook


class Service:
    """A service of one region, over one connection that carries one request at a time."""

    def __init__(self, url: str, *, api_key: str) -> None:
        parts = urlsplit(url)
        self._api_key = api_key
        self.address = (parts.hostname or "", parts.port or 80)
        self._connection = http.client.HTTPConnection(*self.address, timeout=_TIMEOUT_SECONDS + 10)

    def __enter__(self) -> Self:
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def register(self, level: Level) -> str:
        """Register a webhook with a `target_url` of its own. Returns its id."""
        body = {"name": "measured", "target_url": f"https://hooks.example.com/{next(_number)}"}
        status, response = self._ask("POST", _WEBHOOKS, level=level, body=msgspec.json.encode(body))
        if status != http.client.CREATED:
            raise UnexpectedResponse(status=status, body=response)
        return msgspec.json.decode(response, type=_Registered).result.id

    def has(self, webhook_id: str) -> bool:
        """Whether the region's projection has this webhook."""
        status, response = self._ask("GET", f"{_WEBHOOKS}/{webhook_id}")
        if status not in (http.client.OK, http.client.NOT_FOUND):
            raise Unmeasured(f"expected 200 or 404, got {status}: {response[:500].decode(errors='replace')}")
        return status == http.client.OK

    def is_current(self) -> bool:
        """Whether the region's projection is current: only then it answers reads."""
        status, _ = self._ask("GET", _WEBHOOKS)
        return status == http.client.OK

    def gauge(self, name: str, *, default: float = 0.0) -> float:
        """The sum of a metric of this process over all labels; `default` if it has none of that name."""
        status, response = self._ask("GET", "/metrics")
        if status != http.client.OK:
            raise Unmeasured(f"expected 200 for /metrics, got {status}")
        lines = [line for line in response.decode().splitlines() if re.match(rf"{name}[ {{]", line)]
        return sum(float(line.rpartition(" ")[2]) for line in lines) if lines else default

    def _ask(
        self, method: str, path: str, *, level: Level | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body=body, headers=_headers(self._api_key, level))
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unmeasured(f"{method} {path} failed: {error!r}") from error


def trigger_creations(webhook_id: str, level: Level, *, api_key: str, prefix: str = "") -> list[bytes]:
    """Whole requests, one for each trigger that a webhook can have. Each makes an event, even if repeated.

    `prefix` comes before the path.
    """
    return [
        _request(
            f"{prefix}{_WEBHOOKS}/{webhook_id}/triggers",
            headers=_headers(api_key, level),
            body=msgspec.json.encode({"trigger_type": trigger_type, "trigger_name": name}),
        )
        for trigger_type, names in NAMES.items()
        for name in names
    ]


def webhook_creation(organization_id: str, *, api_key: str) -> bytes:
    """A whole request that creates a webhook with a `target_url` of its own in this organization."""
    body = {"name": "measured", "target_url": f"https://hooks.example.com/measured/{next(_number)}"}
    headers = _headers(api_key, Level.LOCAL_REGION) | {"SlashID-OrgID": organization_id}
    return _request(_WEBHOOKS, headers=headers, body=msgspec.json.encode(body))


def _request(path: str, *, headers: dict[str, str], body: bytes) -> bytes:
    sent = {"Host": "localhost", "Content-Length": str(len(body)), **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _headers(api_key: str, level: Level | None) -> dict[str, str]:
    always = {"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": api_key, "Content-Type": "application/json"}
    if level is None:
        return always
    return always | {
        "SlashID-Required-Consistency": level,
        "SlashID-Required-Consistency-Timeout": str(_TIMEOUT_SECONDS),
    }

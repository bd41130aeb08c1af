"""What has arrived of a request, kept in its ASGI scope: the time of its head, its headers, and its body."""

import asyncio
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any

Scope = MutableMapping[str, Any]

_ARRIVAL = "crosshook.arrival"
_HEADERS = "crosshook.headers"
_BODY = "crosshook.body"
_IS_GIVEN_UP = "crosshook.is_given_up"


def arrived(scope: Scope) -> None:
    """Record that the request's head has arrived."""
    scope[_ARRIVAL] = asyncio.get_running_loop().time()


def arrival_of(scope: Mapping[str, Any]) -> float:
    """When the request's head arrived, in the event loop's time."""
    return float(scope[_ARRIVAL])


def values_in(scope: Any, name: bytes) -> Sequence[bytes]:  # noqa: ANN401 - Litestar's own type is no mutable mapping
    """The values of the header `name`, which is in lower case. The head is searched once for all names."""
    headers: dict[bytes, list[bytes]] | None = scope.get(_HEADERS)
    if headers is None:
        headers = scope[_HEADERS] = _by_name(scope["headers"])
    return headers.get(name, ())


def _by_name(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, list[bytes]]:
    headers: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        headers.setdefault(name, []).append(value)
    return headers


def body_arrived(scope: Scope, body: bytes) -> None:
    """Record the request's whole body."""
    scope[_BODY] = body


def body_in(scope: Mapping[str, Any]) -> bytes:
    """The request's whole body. Empty if its route takes no place."""
    body: bytes = scope.get(_BODY, b"")
    return body


def gave_up(scope: Scope) -> None:
    """Record that the connection ended before the whole request had arrived."""
    scope[_IS_GIVEN_UP] = True


def is_given_up(scope: Mapping[str, Any]) -> bool:
    """Whether the connection ended before the whole request had arrived, so that no client waits for a response."""
    return _IS_GIVEN_UP in scope

"""No cache keeps a response unless the response allows it, even if the server made the response."""

import asyncio
from typing import Any

import pytest

from runtime.responses import not_stored
from tests.unit.runtime.serving import connect, served


@pytest.mark.parametrize("name", [b"cache-control", b"Cache-Control"])
def test_a_response_with_its_own_cache_control_keeps_it(name: bytes) -> None:
    assert not_stored([(name, b"no-cache")]) == [(name, b"no-cache")]


def test_a_response_without_cache_control_is_not_stored() -> None:
    assert not_stored([(b"etag", b'"a"')]) == [(b"etag", b'"a"'), (b"cache-control", b"no-store")]


async def silent(_: Any, __: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


async def dying(_: Any, __: Any, ___: Any) -> None:  # noqa: ANN401 - ASGI's
    raise RuntimeError("broken on purpose")


async def forgetting(_: Any, __: Any, ___: Any) -> None:  # noqa: ANN401 - ASGI's
    pass


async def cancelled(_: Any, __: Any, ___: Any) -> None:  # noqa: ANN401 - ASGI's
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("app", "status"), [(silent, b"204"), (dying, b"500"), (forgetting, b"500"), (cancelled, b"500")]
)
async def test_a_response_that_the_server_makes_for_an_application_is_not_stored(app: Any, status: bytes) -> None:  # noqa: ANN401
    async with served(app) as port:
        reader, writer = await connect(port)
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(5):
            response = await reader.read()
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert head.count(b"cache-control: no-store") == 1
    assert body == (
        b'{"meta":{},"errors":[{"httpcode":500,"message":"unexpected error; the service has logged it"}]}'
        * (status == b"500")
    )

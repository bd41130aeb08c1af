"""One message is one request: the tests send bytes to the service's socket and read envelopes."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from deploy.local import LocalRegion
from tests.contract.calls import WEBHOOKS, a_body, until
from tests.contract.test_request_lines import lines_of

OFFERS = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n",
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
}
ENDS_IN = b"Connection: close\r\n"


def head(client: httpx.AsyncClient, method: str, path: str, more: bytes) -> bytes:
    names = ("SlashID-OrgID", "SlashID-API-Key")
    own = b"".join(f"{name}: {client.headers[name]} \t\r\n".encode() for name in names)
    return f"{method} {path} HTTP/1.1\r\nHost: here\r\n".encode() + own + more + b"\r\n"


async def answers(region: LocalRegion, stream: bytes, *, is_half_closed: bool = False) -> list[tuple[int, Any]]:
    """The status and the body of each response until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", region.services[0].port)
    writer.write(stream)
    if is_half_closed:
        writer.write_eof()
    found = []
    async with asyncio.timeout(20):
        while line := await reader.readline():
            fields = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            length = next((int(field.split(":")[1]) for field in fields if field.startswith("content-length:")), 0)
            body = await reader.readexactly(length)
            found.append((int(line.split()[1]), msgspec.json.decode(body) if body[:1] == b"{" else body))
    writer.close()
    return found


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_write_that_offers_another_protocol_gets_201_and_one_log_line_and_the_connection_continues(
    region: LocalRegion, client: httpx.AsyncClient, offer: str, *, is_chunked: bool
) -> None:
    stream = b""
    for is_last in (False, True):
        body = msgspec.json.encode(a_body())
        more = OFFERS[offer] + (ENDS_IN if is_last else b"")
        if is_chunked:
            more += b"Transfer-Encoding: chunked\r\n"
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            more += b"Content-Length: %d\r\n" % len(body)
        stream += head(client, "POST", WEBHOOKS, more) + body
    assert [status for status, _ in await answers(region, stream)] == [201, 201]
    assert len((await client.get(WEBHOOKS)).json()["result"]) == 2

    def told() -> list[int]:
        lines = lines_of(region, client.headers["SlashID-OrgID"])
        return [line["status"] for line in lines if line["route"] == WEBHOOKS]

    async def are_there() -> bool:
        return 200 in told()

    await until(are_there)
    assert told() == [201, 201, 200]


async def test_a_write_by_a_client_that_closes_its_sending_side_is_answered_and_then_the_connection_ends(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    body = msgspec.json.encode(a_body())
    stream = head(client, "POST", WEBHOOKS, b"Content-Length: %d\r\n" % len(body)) + body
    assert [status for status, _ in await answers(region, stream, is_half_closed=True)] == [201]


async def test_an_incomplete_body_is_answered_400_and_registers_nothing(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    body = msgspec.json.encode(a_body())
    short = head(client, "POST", WEBHOOKS, b"Content-Length: %d\r\n" % (len(body) + 1)) + body
    ((status, envelope),) = await answers(region, short, is_half_closed=True)
    assert (status, envelope["errors"][0]["httpcode"]) == (400, 400)
    bad = head(client, "POST", WEBHOOKS, b"Transfer-Encoding: chunked\r\n") + b"%x\r\n%b0\r\n\r\n" % (len(body), body)
    assert [status for status, _ in await answers(region, bad)] == [400]
    assert (await client.get(WEBHOOKS)).json()["result"] == []


async def test_a_too_long_body_is_answered_and_the_rest_is_answered_400(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    body = msgspec.json.encode(a_body())
    stream = head(client, "POST", WEBHOOKS, b"Content-Length: %d\r\n" % len(body)) + body + b"{}"
    assert [status for status, _ in await answers(region, stream)] == [201, 400]


PATHS = ["/livez", "/readyz", "/metrics", "/schema", "/dashboard", "/dashboard/page.js", "/no-such-route", WEBHOOKS]


@pytest.mark.parametrize(
    ("version", "hosts", "is_served"),
    [
        ("1.1", ["localhost:99999999"], True),
        ("1.1", [""], True),
        ("1.1", [":80"], True),
        ("1.0", [], True),
        ("1.0", ["localhost:99999999"], True),
        ("1.1", [], False),
        ("1.1", ["a", "a"], False),
        ("1.1", ["a:b:c"], False),
        ("1.1", ["::1"], False),
        ("1.0", ["::1"], False),
    ],
)
async def test_no_host_leads_to_a_500(
    region: LocalRegion, client: httpx.AsyncClient, version: str, hosts: list[str], *, is_served: bool
) -> None:
    fields = "".join(f"Host: {host}\r\n" for host in hosts) + ENDS_IN.decode()
    for path in PATHS:
        expected = (await client.get(path)).status_code if is_served else 400
        organization = f"SlashID-OrgID: {client.headers['SlashID-OrgID']}\r\n"
        key = f"SlashID-API-Key: {client.headers['SlashID-API-Key']}\r\n"
        ((status, body),) = await answers(
            region, f"GET {path} HTTP/{version}\r\n{fields}{organization}{key}\r\n".encode()
        )
        assert status == expected, path
        assert is_served or body["errors"][0]["message"].startswith("header Host: expected "), path
        bad = f"POST {WEBHOOKS} HTTP/{version}\r\n{fields}{organization}{key}Content-Length: 2\r\n\r\n{{}}"
        assert [status for status, _ in await answers(region, bad.encode())] == [400], "a bad body, which names its URL"


@pytest.mark.parametrize("target", ["*", "//[", "/%ff", "/a?%ff=\xff", "ws://[::1]:99999/a", "/%00", "/a//b/../c"])
async def test_no_target_leads_to_a_500(region: LocalRegion, target: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        stream = f"{method} {target} HTTP/1.1\r\nHost: here\r\n".encode("latin-1") + ENDS_IN + b"\r\n"
        ((status, _),) = await answers(region, stream)
        assert 400 <= status < 500, method

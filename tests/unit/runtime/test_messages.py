"""One message is one request, with any offer and in any pieces."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runtime.spoken import Asked, spoken

HOST = b"Host: here\r\n"
OFFERS = [
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n",
    b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: AAAA\r\n",
    b"connection: UPGRADE\r\nUPGRADE: TLS/1.0, IRC/6.9 \r\nupgrade: h2c\r\n",
    b"Connection: upgrade\t\r\nConnection: keep-alive\r\nUpgrade: \r\n",
]
BODIES = {
    "none": (b"", b"", b""),
    "length": (b"Content-Length: 2\r\n", b"{}", b"{}"),
    "length 0": (b"Content-Length: 0\r\n", b"", b""),
    "chunked": (b"Transfer-Encoding: chunked\r\n", b"1\r\n{\r\n1;a=b\r\n}\r\n0\r\nX-Late: yes\r\n\r\n", b"{}"),
}


def message(method: bytes, offer: bytes, kind: str) -> bytes:
    framing, body, _ = BODIES[kind]
    return method + b" /a?b=c HTTP/1.1\r\n" + HOST + offer + framing + b"\r\n" + body


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("offer", OFFERS, ids=["h2c", "websocket", "several", "empty"])
@pytest.mark.parametrize("method", [b"POST", b"GET", b"PATCH", b"DELETE", b"OPTIONS"])
async def test_an_offer_of_another_protocol_is_ignored_and_the_connection_continues(
    method: bytes, offer: bytes, kind: str
) -> None:
    one = message(method, offer, kind)
    conversation = await spoken([one, one, b"GET /last HTTP/1.1\r\nHost: here\r\n\r\n"])
    expected = [(method.decode(), "/a", BODIES[kind][2])] * 2 + [("GET", "/last", b"")]
    assert [(asked.method, asked.path, asked.body) for asked in conversation.asked] == expected
    assert conversation.statuses == [204] * 3
    assert not conversation.is_closed


@pytest.mark.parametrize("kind", BODIES)
async def test_requests_with_offers_are_the_same_in_every_split_of_their_bytes(kind: str) -> None:
    stream = message(b"POST", OFFERS[0], kind) + message(b"GET", b"", "none") + message(b"PATCH", OFFERS[1], kind)
    whole = await spoken([stream])
    assert [asked.body for asked in whole.asked] == [BODIES[kind][2], b"", BODIES[kind][2]]
    for at in range(1, len(stream)):
        assert (await spoken([stream[:at], stream[at:]])).asked == whole.asked, at
    assert (await spoken(stream[at : at + 1] for at in range(len(stream)))).asked == whole.asked


async def test_an_offer_in_http_1_0_is_ignored_too() -> None:
    one = message(b"POST", OFFERS[0], "length").replace(b"HTTP/1.1", b"HTTP/1.0")
    conversation = await spoken([one])
    assert [asked.body for asked in conversation.asked] == [b"{}"]
    assert conversation.is_closed


async def test_an_application_sees_every_header_but_the_offer() -> None:
    (asked,) = (await spoken([message(b"POST", OFFERS[0] + b"X-A: b  \r\n", "length")])).asked
    assert (b"x-a", b"b") in asked.headers
    assert (b"content-length", b"2") in asked.headers
    assert b"upgrade" not in dict(asked.headers)


async def test_a_tunnel_is_refused() -> None:
    conversation = await spoken([b"CONNECT here:443 HTTP/1.1\r\nHost: here\r\n\r\nGET / HTTP/1.1\r\n\r\n"])
    assert (conversation.asked, conversation.statuses) == ([], [400])
    assert conversation.is_closed


@pytest.mark.parametrize("space", [b" ", b"\t", b" \t \t"])
async def test_white_space_around_a_value_is_no_part_of_it(space: bytes) -> None:
    head = b"GET / HTTP/1.1\r\nHost:" + space + b"here" + space + b"\r\nX-A:" + space + b"a b" + space + b"\r\n"
    (asked,) = (await spoken([head + b"X-B:" + space + b"\r\n\r\n"])).asked
    assert asked.headers == [(b"host", b"here"), (b"x-a", b"a b"), (b"x-b", b"")]


async def test_a_client_that_expects_100_continue_receives_it() -> None:
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Expect: 100-Continue \r\nContent-Length: 2\r\n\r\n"
    conversation = await spoken([head, b"", b"{}"])
    assert conversation.statuses == [100, 204]
    assert [asked.body for asked in conversation.asked] == [b"{}"]


@pytest.mark.parametrize("codings", [b"gzip, chunked", b"gzip\r\nTransfer-Encoding: chunked", b"gzip"])
@pytest.mark.parametrize("offer", [b"", OFFERS[0]], ids=["no offer", "offer"])
async def test_any_transfer_coding_but_chunked_returns_501(codings: bytes, offer: bytes) -> None:
    head = b"POST / HTTP/1.1\r\n" + HOST + offer + b"Transfer-Encoding: " + codings + b"\r\n\r\n"
    conversation = await spoken([head + b"2\r\n{}\r\n0\r\n\r\n"])
    assert (conversation.asked, conversation.statuses) == ([], [501])
    assert conversation.is_closed


async def test_a_trailer_is_no_header() -> None:
    trailers = b"0\r\nSlashID-OrgID: mine\r\nHost: there\r\n\r\n"
    (asked,) = (
        await spoken([b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n.\r\n" + trailers])
    ).asked
    assert asked.headers == [(b"host", b"here"), (b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize(
    ("target", "path"),
    [(b"http://there/a?b", "/a"), (b"HTTPS://there:8080", "/"), (b"http://[::1]?b", "/"), (b"ws://x:99999999/a", "/a")],
)
async def test_a_target_in_absolute_form_is_its_path(target: bytes, path: str) -> None:
    (asked,) = (await spoken([b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"])).asked
    assert asked.path == path


@pytest.mark.parametrize(
    ("head", "status", "message"),
    [
        (b"GET / HTTP/2.0\r\nHost: here\r\n\r\n", 505, b"HTTP/2.0: expected HTTP/1.1"),
        (b"GET /\r\n\r\n", 505, b"HTTP/0.9: expected HTTP/1.1"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, b"head: expected HTTP/1.1 ("),
        (b"GET here HTTP/1.1\r\nHost: here\r\n\r\n", 400, b"head: expected HTTP/1.1 (Invalid characters in url)"),
        (b"GET http://a@b/ HTTP/1.1\r\nHost: here\r\n\r\n", 400, b"target: expected a host"),
        (b"GET / HTTP/1.1\r\nHost: here\r\n folded\r\n\r\n", 400, b"head: expected HTTP/1.1 ("),
    ],
)
async def test_bytes_that_are_no_http_1_request_are_refused_with_the_reason(
    head: bytes, status: int, message: bytes
) -> None:
    conversation = await spoken([head])
    assert (conversation.asked, conversation.statuses) == ([], [status])
    assert message in conversation.wire.sent
    assert conversation.is_closed


def by_h11(stream: bytes) -> Iterator[Asked]:
    """The same stream as another implementation of RFC 9112 parses it, without upgrades."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(stream)
    head, body = h11.Request(method="GET", target="/", headers=[("Host", "")]), b""
    while connection.their_state is not h11.MUST_CLOSE:
        match connection.next_event():
            case h11.Request() as head:
                body = b""
            case h11.Data(data=data):
                body += bytes(data)
            case h11.EndOfMessage():
                yield Asked(head.method.decode(), head.target.decode().split("?")[0], list(head.headers), body)
                connection.send(h11.Response(status_code=204, headers=[]))
                connection.send(h11.EndOfMessage())
                connection.start_next_cycle()
            case h11.NEED_DATA:
                return
            case other:
                raise AssertionError(other)


def without_offer(asked: Asked) -> Asked:
    return asked._replace(headers=[header for header in asked.headers if header[0] != b"upgrade"])


blanks = st.text(" \t", max_size=2).map(str.encode)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    body = draw(st.binary(max_size=6))
    is_chunked = draw(st.booleans())
    chunks = [body[at : at + 2] for at in range(0, len(body), 2)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n" if is_chunked else body
    lines = [HOST, b"Transfer-Encoding: chunked\r\n" if is_chunked else b"Content-Length: %d\r\n" % len(body)]
    lines += draw(st.lists(st.sampled_from(OFFERS), max_size=2))
    lines += [b"X-A:" + draw(blanks) + b"a" + draw(blanks) + b"\r\n"]
    method = draw(st.sampled_from([b"GET", b"POST", b"PATCH", b"DELETE"]))
    return method + b" /a?b HTTP/1.1\r\n" + b"".join(draw(st.permutations(lines))) + b"\r\n" + framed


@given(
    stream=st.lists(messages(), min_size=1, max_size=3).map(b"".join), cuts=st.lists(st.integers(1, 900), max_size=5)
)
def test_requests_are_the_same_as_in_another_implementation(stream: bytes, cuts: list[int]) -> None:
    bounds = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[start:end] for start, end in pairwise(bounds)]
    asked = [without_offer(asked) for asked in asyncio.run(spoken(pieces)).asked]
    assert asked == [without_offer(asked) for asked in by_h11(stream)]

"""Every request before a connection's end is answered, in order, and an incomplete one returns 400."""

import pytest

from tests.unit.runtime.spoken import Conversation, spoken

GET = b"GET /first HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /last HTTP/1.1\r\nHost: here\r\n"
SHORT = POST + b"Content-Length: 3\r\n\r\n{}"
BAD_CHUNKS = [b"x\r\n", b"2\r\n{}}\r\n", b"-2\r\n{}\r\n", b"2\r\n{}\r\n0\r\nno trailer\r\n\r\n", b"2\n{}\r\n"]


def bodies(conversation: Conversation) -> list[tuple[str, bytes | None]]:
    return [(asked.path, asked.body) for asked in conversation.asked]


@pytest.mark.parametrize("before", [b"", GET, GET * 3], ids=["alone", "second", "fourth"])
@pytest.mark.parametrize("chunks", BAD_CHUNKS)
async def test_a_bad_chunk_returns_400_after_the_responses_before_it(chunks: bytes, before: bytes) -> None:
    stream = before + POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    count = before.count(b"GET")
    for pieces in ([stream], [stream[at : at + 1] for at in range(len(stream))]):
        conversation = await spoken(pieces)
        assert bodies(conversation) == [("/first", b"")] * count + [("/last", None)]
        assert conversation.statuses == [204] * count + [400]
        assert b'"message":"body: ' in conversation.wire.sent
        assert conversation.is_closed


@pytest.mark.parametrize("before", [b"", GET, GET * 3], ids=["alone", "second", "fourth"])
@pytest.mark.parametrize("short", [SHORT, POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"])
async def test_a_body_that_is_too_short_returns_400_and_has_no_effect(short: bytes, before: bytes) -> None:
    conversation = await spoken([before + short], is_ended=True)
    count = before.count(b"GET")
    assert bodies(conversation) == [("/first", b"")] * count + [("/last", None)]
    assert conversation.statuses == [204] * count + [400]
    assert b"before the body's end; nothing was done" in conversation.wire.sent
    assert conversation.is_closed


async def test_bytes_beyond_a_content_length_return_400_after_the_response() -> None:
    stream = POST + b"Content-Length: 2\r\n\r\n{}}"
    for pieces in ([stream], [stream[:-1], stream[-1:]], [stream[at : at + 1] for at in range(len(stream))]):
        conversation = await spoken(pieces)
        assert bodies(conversation) == [("/last", b"{}")]
        assert conversation.statuses == [204, 400]
        assert b"does the Content-Length of the request before it count its body's bytes?" in conversation.wire.sent
        assert conversation.is_closed


async def test_a_request_whose_body_breaks_off_has_exactly_one_response() -> None:
    head, chunk = POST + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{}\r\n"
    for pieces, status in (([head + b"x\r\n"], 400), ([head, chunk, b"", b"x\r\n"], 204), ([head, chunk, b""], 204)):
        conversation = await spoken(pieces, is_ended=True, reads_bodies=False)
        assert conversation.statuses == [status]
        assert conversation.is_closed


@pytest.mark.parametrize("framing", [b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
async def test_a_client_that_closes_its_sending_side_gets_its_responses_and_then_the_end(framing: bytes) -> None:
    conversation = await spoken([GET, POST + framing], is_ended=True)
    assert conversation.statuses == [204, 204]
    assert conversation.wire.sent.endswith(b"connection: close\r\n\r\n")
    assert conversation.is_closed


async def test_a_head_that_is_cut_off_returns_400_after_the_responses_before_it() -> None:
    conversation = await spoken([GET + POST], is_ended=True)
    assert bodies(conversation) == [("/first", b"")]
    assert conversation.statuses == [204, 400]
    assert conversation.is_closed


async def test_a_client_that_closes_without_a_request_gets_no_response() -> None:
    for pieces in ([], [GET], [b"\r\n"]):
        conversation = await spoken(pieces, is_ended=True)
        assert conversation.statuses == [204] * (pieces == [GET])
        assert conversation.is_closed

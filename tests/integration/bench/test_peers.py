"""Each peer answers the product's request, and refuses what the product refuses."""

import http.client
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.burst import burst
from bench.errors import UnexpectedResponse
from bench.peers import empty_side, postgres_sides
from bench.postgres import find_postgres
from bench.side import EMPTY, PEER, PEER_AT_ONCE, Side


@contextmanager
def postgres() -> Iterator[list[Side]]:
    programs = find_postgres()
    assert programs is not None
    with postgres_sides(programs) as sides:
        yield list(sides)


def replaced(side: Side, old: bytes, new: bytes) -> Side:
    """The side with other requests."""
    return Side(
        name=side.name,
        address=side.address,
        requests=[request.replace(old, new) for request in side.requests],
        settle=side.settle,
        processor_seconds=side.processor_seconds,
    )


def header(side: Side, name: str) -> bytes:
    lines = side.requests[0].decode().split("\r\n")
    return next(line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")).encode()


def test_the_empty_post_answers_without_any_work() -> None:
    with empty_side() as side:
        measured = burst(side, connections=2, seconds=0.1)
    assert side.name == EMPTY
    assert measured.per_second > 0
    assert measured.processor_milliseconds["application"] > 0


@pytest.mark.postgres
def test_the_registry_on_postgresql_inserts_what_it_admits_and_refuses_the_rest() -> None:
    with postgres() as sides:
        assert [side.name for side in sides] == [PEER, PEER_AT_ONCE]
        for side in sides:
            measured = burst(side, connections=4, seconds=0.1)
            assert min(measured.processor_milliseconds.values()) > 0
            webhook = side.requests[0].split(b"/triggers")[0].split(b"/")[-1]
            another = str(uuid.uuid4()).encode()
            for old, new, status in (
                (header(side, "SlashID-API-Key"), b"crosshook_" + b"0" * 32 + b"_" + b"A" * 43, 401),
                (header(side, "SlashID-OrgID"), another, 403),
                (header(side, "SlashID-OrgID"), b"no uuid", 400),
                (webhook, another, 404),
                (webhook, b"no-uuid", 400),
                (b"event", b"other", 400),
            ):
                with pytest.raises(UnexpectedResponse, match=f"expected 201, got {status}"):
                    burst(replaced(side, old, new), connections=1, seconds=0.1)


def test_an_unknown_path_is_answered_404() -> None:
    with empty_side() as side:
        connection = http.client.HTTPConnection(*side.address)
        connection.request("GET", "/")
        assert connection.getresponse().status == http.client.NOT_FOUND
        connection.close()

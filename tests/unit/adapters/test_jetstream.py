"""A leader's answer is current only if a majority has confirmed it lately."""

import json
from typing import Any

import pytest

from adapters import jetstream
from adapters.event_log import EventLog
from adapters.jetstream import READS, Cluster, Replica, readers
from core.positions import Region
from core.subjects import FRAMES


def led(*active_seconds: float) -> Cluster:
    return Cluster("leader", [Replica(active=int(seconds * 1e9)) for seconds in active_seconds])


@pytest.mark.parametrize(
    ("cluster", "is_followed"),
    [
        (led(), True),
        (led(0.5, 0.5), True),
        (led(0.5, 9), True),
        (led(9, 9), False),
        (led(1, 1), False),
        (led(0.5, 0.5, 9, 9), True),
        (led(0.5, 9, 9, 9), False),
    ],
)
def test_a_leader_is_followed_if_it_and_the_servers_that_it_heard_lately_are_a_majority(
    *, cluster: Cluster, is_followed: bool
) -> None:
    assert cluster.is_followed_within(1.0) is is_followed


def test_a_leader_with_other_servers_is_not_followed_before_it_can_have_heard_one() -> None:
    assert not led(0, 0).is_followed_within(0)
    assert led().is_followed_within(-0.25)


class Consumers:
    """A server that lists the consumers of a stream in pages, and what each of them shows that it reads."""

    def __init__(self, shown: list[dict[str, str] | None], *, page: int) -> None:
        self._shown = shown
        self._page = page
        self.asked: list[tuple[str, int]] = []

    async def call(self, _: object, subject: str, request: dict[str, Any]) -> bytes:
        offset = request["offset"]
        self.asked.append((subject, offset))
        configs = [{} if metadata is None else {"metadata": metadata} for metadata in self._shown]
        page = [{"name": "n", "config": config} for config in configs[offset : offset + self._page]]
        return json.dumps({"total": len(configs), "offset": offset, "consumers": page or None}).encode()


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (256, 1), (257, 2), (600, 3)])
async def test_what_each_reader_of_a_log_shows_is_read_page_by_page(
    monkeypatch: pytest.MonkeyPatch, count: int, pages: int
) -> None:
    shown: list[dict[str, str] | None] = [None, {READS: FRAMES}, {"_nats.ver": "2.12.1"}]
    server = Consumers((shown * count)[:count], page=256)
    monkeypatch.setattr(jetstream, "call", server.call)
    anything: Any = None
    assert await readers(anything, "EVENTS_us-iowa") == (["", FRAMES, ""] * count)[:count]
    assert server.asked == [("CONSUMER.LIST.EVENTS_us-iowa", 256 * page) for page in range(pages)]


async def test_a_list_that_grows_shorter_while_it_is_read_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Consumers([{READS: FRAMES}] * 300, page=256)
    whole = server.call

    async def call(session: object, subject: str, request: dict[str, Any]) -> bytes:
        answer = await whole(session, subject, request)
        return json.dumps({"total": 300, "consumers": None}).encode() if request["offset"] else answer

    monkeypatch.setattr(jetstream, "call", call)
    anything: Any = None
    assert await readers(anything, "EVENTS_us-iowa") == [FRAMES] * 256


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([], True),
        ([{READS: FRAMES}], True),
        ([{READS: FRAMES}, {READS: FRAMES}], True),
        ([{READS: FRAMES}, None], False),
        ([{READS: "frame.v2"}], False),
        ([{READS: ""}], False),
    ],
)
async def test_a_log_is_read_in_frames_if_each_of_its_readers_shows_that_it_reads_them(
    monkeypatch: pytest.MonkeyPatch, *, shown: list[dict[str, str] | None], expected: bool
) -> None:
    monkeypatch.setattr(jetstream, "call", Consumers(shown, page=256).call)
    connection: Any = type("Connection", (), {"current": None})()
    assert await EventLog(connection, Region("us-iowa")).is_read_in_frames() is expected

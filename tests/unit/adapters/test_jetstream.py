"""A leader's answer is current only if a majority has confirmed it lately, and a list only if it is whole."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.errors import Unavailable
from adapters.jetstream import Cluster, Replica, readers
from adapters.session import Session


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


PAGE = 2


class Consumers:
    """A session with servers that list consumers, `PAGE` at most, as servers of a cluster do. Some do not answer."""

    def __init__(self, *names: str, missing: str = "") -> None:
        self.names = names
        self.missing = missing

    async def request(self, _subject: str, body: bytes, **_: object) -> SimpleNamespace:
        page = self.names[(offset := json.loads(body)["offset"]) : offset + PAGE]
        described = [
            {"name": name, "config": {"deliver_subject": "deliver.service.x", "metadata": {"crosshook.reads": name}}}
            for name in page
            if name != self.missing
        ]
        answer = {"total": len(self.names), "offset": offset, "limit": PAGE, "consumers": described}
        if self.missing in page:
            answer["missing"] = [self.missing]
        return SimpleNamespace(data=json.dumps(answer).encode())


def serving(consumers: Consumers) -> Session:
    return cast("Session", cast("Any", consumers))


async def test_all_pages_of_a_list_of_readers_are_read() -> None:
    found = await readers(serving(Consumers("a", "b", "c", "d", "e")), "EVENTS_us-iowa")
    assert [reader.reads for reader in found] == [{"a"}, {"b"}, {"c"}, {"d"}, {"e"}]


@pytest.mark.parametrize("missing", ["a", "b", "c"])
async def test_a_list_that_lacks_a_reader_whose_server_does_not_answer_is_no_list(missing: str) -> None:
    """If it counted, the next page would begin one reader earlier, and the reader that lacks would not be noticed."""
    with pytest.raises(Unavailable, match=missing):
        await readers(serving(Consumers("a", "b", "c", missing=missing)), "EVENTS_us-iowa")

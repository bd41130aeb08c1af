"""The use of a key is proposed once a day, beside the request, and never waited for."""

import asyncio
from typing import Any

import pytest

from adapters.projection import View
from core.api_keys import Credentials, api_key_key
from core.commands import ApiKeyUseRecorded, RecordApiKeyUse
from core.positions import Epoch, Position, Region, Sequence
from core.stamps import NEVER, render, stamp
from service.request.context import Caller
from service.writes import key_uses as key_uses_module
from service.writes.batch import Accepted, Proposal, Stale
from service.writes.key_uses import KeyUses, LastUsed
from service.writes.log_writer import NothingAppended

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
HERE = Region("us-iowa")
KEY = Credentials(key_id="k1", digest="d")
CALLER = Caller(ORGANIZATION, KEY)
DAY = 24 * 3_600_000
NOON = 20_787 * DAY + DAY // 2
"""2026-11-30."""


class Scene:
    """A writer that keeps what is proposed, and the uses of one process."""

    def __init__(self, setting: LastUsed = LastUsed.DAILY) -> None:
        self.now = NOON
        self.unread = ""
        self.proposed: list[Proposal] = []
        self.withdrawn: list[Proposal] = []
        self.takes_none = False
        self.uses = KeyUses(
            HERE, self, setting=setting, why_not_read=lambda: self.unread, now_milliseconds=lambda: self.now
        )

    def submit(self, proposal: Proposal) -> None:
        if self.takes_none:
            raise NothingAppended
        self.proposed.append(proposal)

    def withdraw(self, proposal: Proposal) -> None:
        self.withdrawn.append(proposal)

    def used(self, last_day: str = "", caller: Caller = CALLER, origin: str = "asia-japan") -> int:
        """Accept a request with a key whose last day is known. Returns how many proposals there are."""
        fields = {"used": stamp(render(NEVER), Region(origin), Sequence(1)) + last_day} if last_day else {}
        key_id = caller.credentials.key_id if caller.credentials is not None else "none"
        self.uses.used(caller, View({}, NEVER, {api_key_key(key_id): fields}))
        return len(self.proposed)

    def accepted(self) -> None:
        position = Position(HERE, Epoch("e"), Sequence(1))
        self.proposed[-1].settle(Accepted(position, {}))


async def test_the_first_request_of_a_day_proposes_the_use_with_the_key_as_its_author() -> None:
    scene = Scene()
    assert scene.used("2026-11-29") == 1
    (proposal,) = scene.proposed
    assert proposal.command == RecordApiKeyUse(ORGANIZATION, "k1", "2026-11-30")
    assert (proposal.author, proposal.idempotency_key, set(proposal.registers)) == ("k1", None, {"key:k1"})


async def test_no_other_request_of_the_day_proposes_it() -> None:
    scene = Scene()
    assert scene.used("2026-11-30") == 0, "another region, or process, was first"
    assert [scene.used("2026-11-29") for _ in range(3)] == [1, 1, 1]
    scene.accepted()
    assert scene.used("2026-11-29") == 1, "it is in the log, and not applied yet"
    scene.now += DAY // 2
    assert scene.used("2026-11-30") == 2, "the next day"


async def test_a_day_behind_that_of_another_region_proposes_nothing() -> None:
    assert Scene().used("2026-12-01") == 0


async def test_an_administrator_uses_no_key() -> None:
    assert Scene().used(caller=Caller(ORGANIZATION, None)) == 0


async def test_nothing_is_proposed_before_every_region_reads_it() -> None:
    scene = Scene()
    scene.unread = "not announced"
    assert scene.used() == 0
    assert scene.used("2026-11-29", origin="asia-japan") == 0, "only the log of another region has such an event"
    scene.unread = ""
    assert scene.used() == 1


async def test_a_log_that_has_such_an_event_takes_more_of_them_whatever_is_announced() -> None:
    scene = Scene()
    scene.unread = "not announced"
    assert scene.used("2026-11-29", origin=HERE) == 1


async def test_a_service_may_be_told_to_record_none() -> None:
    assert Scene(LastUsed.NEVER).used() == 0


async def test_a_use_that_the_log_cannot_take_fails_no_request_and_is_proposed_again() -> None:
    scene = Scene()
    scene.takes_none = True
    assert scene.used() == 0
    scene.takes_none = False
    assert scene.used() == 1


@pytest.mark.parametrize(("outcome", "proposals"), [(Stale(), 2), (ApiKeyUseRecorded(), 1)])
async def test_a_use_is_proposed_again_if_its_view_was_too_old_but_not_if_it_is_recorded(
    outcome: Any,  # noqa: ANN401 - one of two errors
    proposals: int,
) -> None:
    scene = Scene()
    scene.used()
    scene.proposed[0].settle(outcome)
    assert scene.used() == proposals


async def test_a_use_that_gets_no_turn_leaves_the_queue_and_is_proposed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_uses_module, "PENDING_SECONDS", 0)
    scene = Scene()
    scene.used()
    async with asyncio.timeout(2):
        while not scene.withdrawn:
            await asyncio.sleep(0)
    assert scene.used() == 2


async def test_a_use_that_was_handed_to_the_log_stays_until_the_log_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_uses_module, "PENDING_SECONDS", 0)
    scene = Scene()
    scene.used()
    scene.proposed[0].operation_id = "its place"
    for _ in range(3):
        await asyncio.sleep(0)
    assert scene.withdrawn == []
    assert scene.used() == 1


async def test_no_more_uses_wait_at_once_than_their_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_uses_module, "PENDING_MAX", 2)
    scene = Scene()
    callers = [Caller(ORGANIZATION, Credentials(key_id=f"k{number}", digest="d")) for number in range(3)]
    assert [scene.used(caller=caller) for caller in callers] == [1, 2, 2]
    scene.accepted()
    assert scene.used(caller=callers[2]) == 3


async def test_a_process_remembers_no_more_keys_than_their_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_uses_module, "ASKED_MAX", 2)
    scene = Scene()
    for number in range(4):
        scene.used(caller=Caller(ORGANIZATION, Credentials(key_id=f"k{number}", digest="d")))
        scene.accepted()
    assert len(scene.uses._asked) == 2  # noqa: SLF001 - its size is what is bounded

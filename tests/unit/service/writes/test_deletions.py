"""Which repeated deletions join the first one, and which find nothing left to delete."""

from typing import Any

import pytest

from core.commands import ApiKeyNotFound, Command, DeletedBefore, DeleteWebhook, RevokeApiKey, WebhookNotFound
from core.consistency import Level
from core.events import Envelope, WebhookDeleted
from core.frames import LoggedEvent
from core.positions import Epoch, Mark, Position, Region, Sequence, Vector
from core.stamps import Clock, Stamp, render, stamp
from core.topology import RegionConfig, Topology
from service.request.context import Wait
from service.request.errors import RegionUnavailable
from service.watermarks.waiters import Waiters
from service.writes.deletions import Deletions

HERE, THERE = Region("us-iowa"), Region("asia-japan")
TOPOLOGY = Topology({HERE: RegionConfig(), THERE: RegionConfig()})
EPOCH = Epoch("k3v9x2")
ORGANIZATION, ANOTHER = "o1", "o2"
PLACE = Position(THERE, EPOCH, Sequence(7))
STAMP = stamp(render(Clock(1)), THERE, PLACE.sequence)
FIRST = LoggedEvent(PLACE, 0, Envelope("operation", ORGANIZATION, render(Clock(1)), WebhookDeleted("w1")))
APPLIED, NOT_APPLIED = ({THERE: Mark(EPOCH, Sequence(sequence), "f")} for sequence in (7, 6))
DELETE, REVOKE = DeleteWebhook(ORGANIZATION, "w1"), RevokeApiKey(ORGANIZATION, "k1")


class Log:
    """A log that has `found` at every place."""

    def __init__(self, found: LoggedEvent | None = FIRST) -> None:
        self._found = found

    async def event_with(self, wanted: Stamp, *, deadline: float) -> LoggedEvent | None:
        assert (wanted, deadline) == (STAMP, 5.0)
        return self._found


async def first(
    command: Command,
    vector: Vector,
    *,
    level: Level = Level.LOCAL_REGION,
    there: Vector | None = None,
    found: LoggedEvent | None = FIRST,
    topology: Topology = TOPOLOGY,
) -> LoggedEvent:
    """What `command` joins after `vector` was read here and the other region announced `there`."""
    waiters, log = Waiters(), Log(found)
    if there is not None:
        waiters.heard(THERE, "i", there, is_current=True)
    event_lookup: Any = log
    deletions = Deletions(HERE, topology=topology, event_lookup=event_lookup, waiters=waiters)
    missing = ApiKeyNotFound("k1") if isinstance(command, RevokeApiKey) else WebhookNotFound("w1")
    return await deletions.first(DeletedBefore(STAMP, missing), command, vector, Wait(level, 5, 5.0))


async def test_a_deletion_that_is_not_applied_here_yet_is_joined() -> None:
    assert await first(DELETE, NOT_APPLIED) == FIRST
    assert await first(DELETE, {}) == FIRST


async def test_a_deletion_that_every_requested_region_has_applied_leaves_nothing_to_delete() -> None:
    for level, there in ((Level.LOCAL_REGION, None), (Level.ALL_REGIONS, APPLIED)):
        with pytest.raises(WebhookNotFound):
            await first(DELETE, APPLIED, level=level, there=there)


@pytest.mark.parametrize("there", [None, NOT_APPLIED])
async def test_a_request_for_all_regions_joins_a_deletion_that_a_region_may_not_have(
    there: Vector | None,
) -> None:
    assert await first(DELETE, APPLIED, level=Level.ALL_REGIONS, there=there) == FIRST


@pytest.mark.parametrize("level", Level)
async def test_an_applied_revocation_is_joined_and_only_by_the_organization_of_the_key(
    level: Level,
) -> None:
    assert await first(REVOKE, APPLIED, level=level, there=APPLIED) == FIRST
    for vector in (APPLIED, NOT_APPLIED):
        with pytest.raises(ApiKeyNotFound):
            await first(RevokeApiKey(ANOTHER, "k1"), vector, level=level, there=APPLIED)


async def test_a_log_without_the_deletion_that_was_applied_proves_nothing() -> None:
    for command in (DELETE, REVOKE):
        with pytest.raises(RegionUnavailable):
            await first(command, NOT_APPLIED, found=None)


async def test_a_webhook_deleted_in_a_region_that_is_no_longer_configured_is_not_found() -> None:
    alone = Topology({HERE: RegionConfig()})
    for command, missing in ((DELETE, WebhookNotFound), (REVOKE, ApiKeyNotFound)):
        with pytest.raises(missing):
            await first(command, NOT_APPLIED, topology=alone)

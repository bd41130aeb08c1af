"""The health of a replicator: the reasons why it waits, and the halted origins."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from core.positions import Region
from replicator.announce import Announcer
from replicator.shortfall import what_to_do_about
from replicator.status import Status
from runtime.health import Health, NotReady


class Link(Protocol):
    """The state of a connection to a region's NATS."""

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection, as far as is known."""

    @property
    def why_not(self) -> str:
        """Why there is no connection."""


class Answering(Protocol):
    """Whether this region's Redis answers and takes writes."""

    @property
    def unanswered(self) -> str:
        """Why Redis did not answer; `""` if it did."""

    @property
    def refused(self) -> str:
        """Why Redis takes no writes; `""` if it does."""


def health(
    here: Region,
    *,
    connections: Mapping[Region, Link],
    redis: Answering,
    announcer: Announcer,
    status: Status,
    outdated: Mapping[str, str],
) -> Health:
    """Ready means: NATS and Redis of `here` answer, Redis takes writes, the log is there, the projection is current."""
    not_ready = dict(_not_ready(here, connections[here], redis, announcer))
    if lacking := status.lacking(here):
        reason = NotReady.HALTED if here in status.halted else NotReady.LOG
        not_ready[reason] = f"the log of {here}: {'; '.join(lacking)}"
    waits = status.long_waits(
        is_connected=lambda origin: connections[origin].is_connected,
        can_apply=not (redis.unanswered or redis.refused),
    )
    if NotReady.NATS in not_ready:
        waits = {}
    return Health(
        region=here,
        not_ready=not_ready,
        halted={str(origin): why for origin, why in status.halted.items()},
        waits=[f"to {step} {origin}: {why}" for (step, origin), why in waits.items()],
        outdated=outdated,
    )


def _not_ready(here: Region, nats: Link, redis: Answering, announcer: Announcer) -> Iterator[tuple[NotReady, str]]:
    if not nats.is_connected:
        yield NotReady.NATS, f"NATS of {here}: {nats.why_not}"
    if redis.unanswered:
        yield NotReady.REDIS, f"Redis of {here}: {redis.unanswered}"
    elif redis.refused:
        yield NotReady.UNWRITABLE, f"Redis of {here} to take writes: {redis.refused}"
    elif announcer.tainted:
        yield NotReady.PROJECTION, f"Redis of {here}: {what_to_do_about(announcer.tainted)}"
    elif announcer.unreachable:
        yield NotReady.PROJECTION, f"the projection, or the logs to compare it with: {announcer.unreachable}"
    elif not announcer.state.is_current:
        yield NotReady.PROJECTION, announcer.why_not_current or "the projection to be current"

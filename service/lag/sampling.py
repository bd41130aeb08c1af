"""Sample once a second how far each region is behind each origin, and remember 15 minutes of it."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic

import msgspec
import structlog

from adapters.errors import LogMissing, Unavailable
from core.codec import Undecodable
from core.positions import Position, Region
from core.stamps import milliseconds, parse
from core.topology import Topology
from runtime.reminders import Reminders
from service.announcements import Announcements
from service.lag.history import LagHistory
from service.lag.log_ends import LogEnds
from service.lag.matrix import Known, Lag, Pair, ends, matrix, oldest_unapplied
from service.reads.local_logs import LocalLogs
from service.writes.log_state import LogState

log = structlog.get_logger()

SAMPLE_SECONDS = 1.0
"""A sample costs well under a thousandth of a processor's second. So it is taken even if no page is open: an operator
who comes after an incident sees what it was."""

READ_SECONDS = 0.5
"""How long reading the oldest unapplied events may take. There is at most one for each cell."""


STALE_SECONDS = 3.0
"""The age up to which a sample is shown. An older one would look like a lag that does not change."""


class LagSample(msgspec.Struct, frozen=True):
    """The knowledge at one time, in milliseconds since 1970, and the lags that follow from it."""

    at_milliseconds: int
    known: Known
    lags: Mapping[Pair, Lag]


class LagSampling:
    """The last sample of the matrix and those before it. `on_sample` is called with each."""

    def __init__(
        self,
        here: Region,
        *,
        topology: Topology,
        region: Announcements,
        log_state: LogState,
        logs: LocalLogs,
        now_milliseconds: Callable[[], int],
    ) -> None:
        others = topology.others(here)
        self.regions = tuple(name for name in topology.regions if name == here or name in others)
        self.history = LagHistory(self.regions)
        self.on_sample: Callable[[LagSample], None] = lambda _: None
        self._here = here
        self._region = region
        self._log_state = log_state
        self._logs = logs
        self._now_milliseconds = now_milliseconds
        self._since = self._own_read_at = monotonic()
        self._written: dict[Position, int] = {}
        self._read: set[Position] = set()
        self._latest: LagSample | None = None
        self._latest_at = monotonic()
        self._ends = LogEnds()
        self._reminders = Reminders()

    @property
    def latest(self) -> LagSample | None:
        """The last sample. None before the first, and if sampling has failed since."""
        return self._latest if monotonic() <= self._latest_at + STALE_SECONDS else None

    async def run(self) -> None:
        """Take a sample each second until cancelled."""
        next_at = monotonic()
        while True:
            try:
                await self.look()
            except Exception as error:
                if self._reminders.is_due("lag", repr(error)):
                    log.exception("the lag could not be sampled")
            next_at = max(next_at + SAMPLE_SECONDS, monotonic())
            await asyncio.sleep(next_at - monotonic())

    async def look(self) -> LagSample:
        """Take one sample."""
        known = self.known()
        self._ends.look(ends(known), now_milliseconds=self._now_milliseconds())
        await self._find_out_ages(oldest_unapplied(known))
        now = self._now_milliseconds()
        lags = matrix(known, written_milliseconds=self._written, now_milliseconds=now)
        sample = LagSample(at_milliseconds=now, known=known, lags=lags)
        self._latest, self._latest_at = sample, monotonic()
        self.history.add(now, lags)
        self.on_sample(sample)
        return sample

    def known(self) -> Known:
        """The present knowledge of this service."""
        now = monotonic()
        # A log that is not read further, because the tail is full, may be longer.
        if self._log_state.session is not None and self._log_state.has_room:
            self._own_read_at = now
        group_commit = self._log_state.group_commit
        return Known(
            here=self._here,
            regions=self.regions,
            heard=self._region.heard_of(),
            own_end=None if group_commit is None else group_commit.tail.end,
            own_read_at_seconds=self._own_read_at,
            since_seconds=self._since,
            now_seconds=now,
        )

    async def _find_out_ages(self, wanted: frozenset[Position]) -> None:
        """Find out when these events were written, by the clocks in their stamps.

        Each is read from this region's logs once. An event may be unreadable, or its clock ahead of this one. Then its
        age counts from when its log was first known to have it. So every age grows with time, even while a region
        catches up.
        """
        now = self._now_milliseconds()
        self._written = {
            position: self._written.get(position) or self._ends.since_milliseconds(position) or now
            for position in wanted
        }
        self._read &= wanted
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_SECONDS), asyncio.TaskGroup() as group:
                for position in wanted - self._read:
                    group.create_task(self._find_out_age(position))

    async def _find_out_age(self, position: Position) -> None:
        with suppress(LogMissing, Unavailable, Undecodable):
            events = await self._logs.events_at(position.origin, position.sequence)
            if events and events[0].position.epoch == position.epoch:
                written = milliseconds(parse(events[0].envelope.clock))
                self._written[position] = min(written, self._written[position])
                self._read.add(position)

"""Create a region's origin log once, never in place of a lost one, and watch it."""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress

import structlog

from adapters.errors import (
    EpochChanged,
    Forked,
    Incomplete,
    LogAlarm,
    LogLost,
    LogMissing,
    LogVanished,
    Unavailable,
    WentBack,
)
from adapters.event_log import EventLog
from adapters.log_info import LogInfo
from core.positions import BEGINNING, NO_EPOCH, NOTHING, Epoch, Mark, Region
from replicator.status import Status, Step

log = structlog.get_logger()

EPOCH_BYTES = 5
WATCH_SECONDS = 5.0
"""The time between two comparisons of the log with its copies elsewhere."""


class Keeper:
    """Creates a region's origin log if it may, and checks that it is as long as its longest copy."""

    def __init__(
        self,
        own: EventLog,
        *,
        copies: Mapping[Region, EventLog],
        replicas: int,
        is_first_start: bool,
        status: Status,
    ) -> None:
        self._own = own
        self._copies = copies
        self._replicas = replicas
        self._is_first_start = is_first_start
        self._status = status
        self._seen = LogInfo(epoch=NO_EPOCH, last_sequence=NOTHING)

    async def run(self) -> None:
        """Create the log if need be, and watch it. Raise when something is in doubt or wrong."""
        while True:
            await self._establish()
            await self._compare_with_copies()
            self._status.progressed(Step.ESTABLISH, self._own.origin)
            await asyncio.sleep(WATCH_SECONDS)

    async def _establish(self) -> None:
        """Return once this region has its origin log.

        The log is created only if every other region reports that it has no event of it, or on an explicit first
        start. Raises `Unavailable` while a region does not answer, `LogLost` if a region has events, `LogVanished` if
        this process has seen events, and `Incomplete` if the log lacks events that it had.
        """
        try:
            self._see(await self._own.describe())
        except LogMissing as error:
            if self._seen.last_sequence != NOTHING:
                known = Mark(self._seen.epoch, self._seen.last_sequence, "")
                raise LogVanished(self._own.origin, known=known) from error
            copied = NO_EPOCH if self._is_first_start else await self._epoch_of_empty_copies()
            epoch = self._seen.epoch or copied or Epoch(secrets.token_hex(EPOCH_BYTES))
            await self._own.create(epoch, replicas=self._replicas)
            self._see(await self._own.describe())
            log.info("origin log", epoch=self._seen.epoch)

    def _see(self, info: LogInfo) -> None:
        """Note the state of the log. Raises `Incomplete`."""
        if self._seen.created not in ("", info.created):
            log.warning("origin log restored", created=info.created, last_sequence=info.last_sequence)
        self._seen = info
        if info.flaw:
            raise Incomplete(self._own.origin, info.flaw)

    async def _epoch_of_empty_copies(self) -> Epoch:
        """The epoch of the other regions' copies, which must all be empty; `""` if there is no copy."""
        epoch = NO_EPOCH
        for region, copy in self._copies.items():
            try:
                info = await copy.describe()
            except LogMissing:
                continue
            except Unavailable as error:
                why = f"{region} has not said yet that it has no copy of this region's log: {error}"
                raise Unavailable(why) from error
            if info.last_sequence != NOTHING:
                raise LogLost(self._own.origin, holder=region, last_sequence=info.last_sequence)
            epoch = epoch or info.epoch
        return epoch

    async def _compare_with_copies(self) -> None:
        """Raise what is wrong with the log according to a copy. A copy that does not answer is left out."""
        found = await asyncio.gather(*(self._compare(region, copy) for region, copy in self._copies.items()))
        for alarm in found:
            if alarm is not None:
                raise alarm

    async def _compare(self, holder: Region, copy: EventLog) -> LogAlarm | None:
        """What is wrong with the log according to the copy that `holder` has of it."""
        origin = self._own.origin
        with suppress(Unavailable, LogMissing):
            # The copy first: meanwhile the log can only grow.
            try:
                copied, end = await copy.describe(), await copy.end()
            except Incomplete:
                return None  # Its holder reports that, and it proves nothing about the log.
            own = await self._own.describe()
            if own.last_sequence < end.sequence:
                own = await self._own.ascertain()
            if copied.epoch != own.epoch:
                return EpochChanged(origin, known=copied.epoch, found=own.epoch, holder=holder)
            if own.last_sequence < end.sequence:
                return WentBack(origin, known=end, last_sequence=own.last_sequence, holder=holder)
            if end != BEGINNING and await self._own.mark_at(end.sequence) != end:
                return Forked(origin, known=end, holder=holder)
        return None

"""The logs that this region has, its own and its copies of others, with their epochs."""

import asyncio
import math
from collections.abc import Collection, Mapping

from adapters.errors import LogMissing, Unavailable
from adapters.event_log import EventLog
from adapters.log_info import LogInfo
from core.frames import LoggedEvent, decode_message
from core.operations import log_code
from core.positions import Epoch, Region, Sequence, Vector

DESCRIBED_SECONDS = 0.25
"""How long a description is valid. All requests in that time share it, so their number does not matter."""


class LocalLogs:
    """The log of every configured region, if it is here."""

    def __init__(self, logs: Mapping[Region, EventLog]) -> None:
        self._logs = logs
        self._described: dict[Region, tuple[float, asyncio.Task[LogInfo | None]]] = {}

    @property
    def origins(self) -> Collection[Region]:
        """The regions whose logs these are."""
        return self._logs.keys()

    async def events_at(self, origin: Region, sequence: Sequence) -> list[LoggedEvent]:
        """The events of a log's message at `sequence`; none if it has no message there.

        Raises `LogMissing`, `Unavailable`, `Undecodable`.
        """
        stored = await self._logs[origin].event_at(sequence)
        if stored is None:
            return []
        return decode_message(origin, sequence, stored.subject, stored.data, counted=0).events

    async def describe(self, origin: Region) -> LogInfo | None:
        """A log's identity, not older than `DESCRIBED_SECONDS`; None if it is not here or does not answer."""
        loop = asyncio.get_running_loop()
        asked_at, description = self._described.get(origin, (-math.inf, None))
        if description is None or (description.done() and loop.time() > asked_at + DESCRIBED_SECONDS):
            description = asyncio.create_task(self._describe(origin))
            self._described[origin] = loop.time(), description
        return await asyncio.shield(description)

    async def named(self, code: int, vector: Vector) -> tuple[Region, Epoch] | None:
        """The log that an operation's id names, or None if no log here has that epoch.

        `vector` has most epochs already, so that no log need be asked. Raises `Unavailable` if a log does not answer
        that could have it.
        """
        for origin, mark in vector.items():
            if log_code(origin, mark.epoch) == code:
                return origin, mark.epoch
        descriptions = await asyncio.gather(*(self.describe(origin) for origin in self._logs))
        for origin, log in zip(self._logs, descriptions, strict=True):
            epochs = [] if log is None else [log.epoch, *(epoch for epoch, _ in log.ancestors)]
            for epoch in epochs:
                if log_code(origin, epoch) == code:
                    return origin, epoch
        if None in descriptions:
            raise Unavailable("a log of this region is missing or does not answer")
        return None

    async def _describe(self, origin: Region) -> LogInfo | None:
        try:
            return await self._logs[origin].describe()
        except (LogMissing, Unavailable):
            return None

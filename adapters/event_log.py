"""A region's logs: append to one (conditional batches), follow one (push, in order, from the last known event)."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from enum import Enum, auto
from time import monotonic
from typing import NamedTuple

from adapters import jetstream, publishing
from adapters.connection import Connection
from adapters.errors import EpochChanged, Incomplete, Interrupted, LogMissing, LogVanished, Unavailable, WentBack
from adapters.follower import Follower, Stored
from adapters.log_info import Ancestors, LogInfo, log_info, metadata_of
from adapters.session import Session
from core.positions import BEGINNING, NOTHING, Epoch, Mark, Region
from core.positions import Sequence as EventSequence
from core.subjects import stream_of, subjects_of

ASCERTAIN_SECONDS_MAX = 4.0
"""A leader and its followers are silent to one another for two seconds at most; some more are for a busy machine."""

_UNREAD_SECONDS = 0.25
"""After a pause, a server takes its unread messages for new ones, but for less than this time."""

_ASCERTAIN_POLL_SECONDS = 0.1


class Entry(NamedTuple):
    """A message to append. `traceparent` accompanies it and is no part of it, as in `Stored`."""

    subject: str
    data: bytes
    traceparent: str = ""


class Append(Enum):
    """The outcome of a batch. Only `UNANSWERED` leaves it open: appending it again at its place decides it.

    REFUSED: not stored; a later try may succeed. NOT_AS_A_BATCH: not stored together; single appends may succeed.
    TOO_LARGE: one message is not stored, and this log will never take it.
    """

    STORED = auto()
    PLACE_TAKEN = auto()
    REFUSED = auto()
    NOT_AS_A_BATCH = auto()
    TOO_LARGE = auto()
    UNANSWERED = auto()


class EventLog:
    """One origin's log on one region's servers. `name` is its name in alarms."""

    def __init__(self, connection: Connection, origin: Region, *, name: str = "the log") -> None:
        self._connection = connection
        self.origin = origin
        self._name = name
        self._stream = stream_of(origin)
        self._lacking = NOTHING

    async def describe(self) -> LogInfo:
        """The log's identity and end, as its leader knows them. Raises `LogMissing`, `Unavailable`.

        A leader that was paused, or is cut off from the other servers, may not know that it has a successor. For up to
        20 s the log may then be longer than its answer. Use `ascertain` where that matters.
        """
        return log_info(await self._describe(self._connection.current))

    async def ascertain(self) -> LogInfo:
        """As `describe`, but never shorter than the log was at the call.

        It waits until the leader has heard from a majority since then: with replicas, normally within two seconds.
        """
        session, begin = self._connection.current, monotonic()
        while True:
            since = monotonic() - begin
            info = await self._describe(session)
            if info.cluster.is_followed_within(since - _UNREAD_SECONDS):
                return log_info(info)
            if since > ASCERTAIN_SECONDS_MAX:
                raise Unavailable(f"the leader of {self._stream} hears nothing from a majority of its servers")
            await asyncio.sleep(_ASCERTAIN_POLL_SECONDS)

    async def create(self, epoch: Epoch, *, replicas: int, ancestors: Ancestors = ()) -> None:
        """Create the log unless it exists; `describe` then returns the epoch that it has. Raises `Unavailable`."""
        config = jetstream.StreamConfig(
            name=self._stream,
            subjects=[subjects_of(self.origin, epoch)],
            metadata=metadata_of(self.origin, epoch, ancestors),
            num_replicas=replicas,
        )
        try:
            await jetstream.create_stream(self._connection.current, config)
        except jetstream.ApiError as error:
            if error.code != jetstream.STREAM_NAME_TAKEN:
                raise Unavailable(f"cannot create {self._stream}: {error}") from error

    async def end(self) -> Mark:
        """The log's last event, or `BEGINNING`. Raises `LogMissing`, `Unavailable`."""
        info = await self.describe()
        return BEGINNING if info.last_sequence == NOTHING else await self.mark_at(info.last_sequence)

    async def mark_at(self, sequence: EventSequence) -> Mark:
        """The mark of an event that the log has. Raises `Incomplete` if it was lost, `Unavailable`."""
        found = await self.event_at(sequence)
        if found is None:
            await self._look_for(sequence)
            raise Unavailable(f"cannot read message {sequence}: it is not there")
        return found.mark()

    async def event_at(self, sequence: EventSequence) -> Stored | None:
        """The event at `sequence`, or None if the log has none there. Raises `LogMissing`, `Unavailable`."""
        try:
            found = await jetstream.stored_message(self._connection.current, self._stream, sequence)
        except jetstream.ApiError as error:
            if error.code == jetstream.MESSAGE_NOT_FOUND:
                return None
            if error.code == jetstream.STREAM_NOT_FOUND:
                raise LogMissing(self._stream) from error
            raise Unavailable(f"cannot read message {sequence}: {error}") from error
        return Stored(sequence, found.subject, found.data)

    async def stored_at(self, sequence: EventSequence) -> str:
        """The time at which the log stored the event at `sequence`, as RFC 3339. Raises `LogMissing`, `Unavailable`."""
        try:
            return (await jetstream.stored_message(self._connection.current, self._stream, sequence)).time
        except jetstream.ApiError as error:
            raise LogMissing(f"no message {sequence} in {self._stream}: {error}") from error

    async def readers(self) -> list[jetstream.Reader]:
        """Every process that follows the log now. Raises `LogMissing`, `Unavailable`."""
        try:
            return await jetstream.readers(self._connection.current, self._stream)
        except jetstream.ApiError as error:
            raise LogMissing(f"no readers of {self._stream}: {error}") from error

    async def append(
        self, entries: Sequence[Entry], *, after: EventSequence, on: Session | None = None
    ) -> tuple[Append, str]:
        """Append `entries` as one atomic batch right after `after`, or not at all. Returns the outcome and its reason.

        At most `BATCH_EVENTS_MAX` entries. If `on` names a session, only that one is used. Stored means synced
        to disk by the log's servers.
        """
        try:
            session = on or self._connection.current
        except Unavailable as error:
            return Append.REFUSED, str(error)
        if session.is_lost:
            return Append.REFUSED, "the connection is lost"
        batch_id = uuid.uuid4().hex if len(entries) > 1 else ""
        appending = publishing.publish(session, batch_id, entries, after=after)
        outcome, why = await self._outcome(appending, is_one=len(entries) == 1)
        if outcome in (Append.REFUSED, Append.UNANSWERED):
            session.unserved()
        else:
            session.served()
        return outcome, why

    async def _outcome(self, appending: Awaitable[jetstream.Error | int], *, is_one: bool) -> tuple[Append, str]:
        try:
            answer = await appending
        except Unavailable as error:
            return Append.UNANSWERED, str(error)
        if isinstance(answer, int):
            return Append.STORED, ""
        return _refusal(answer.err_code, is_one=is_one), f"{answer.description} ({answer.err_code})"

    @asynccontextmanager
    async def follow(self, known: Mark) -> AsyncIterator[Follower]:
        """Read the events after `known`, resuming *at* it: the log must still have the same event there.

        Raises `LogMissing` if nothing was read yet, else `LogVanished`; `EpochChanged`, `WentBack`, `Forked`,
        `Incomplete`, `Unavailable`. The follower's `next` also raises `Interrupted`: the caller then follows again from
        its last event. This context raises `Incomplete` instead if the log lacks the missing event.
        """
        session = self._connection.current
        follower = Follower(session, self.origin, known=known, describe=self.describe)
        deliveries = session.new_delivery_subject()
        subscription = await session.subscribe(deliveries, follower.on_message)
        try:
            info = await self._begin(session, deliveries, known)
            if known.sequence != NOTHING and known.epoch != info.epoch:
                raise EpochChanged(self.origin, known=known.epoch, found=info.epoch)
            if info.last_sequence < known.sequence:
                raise await self._shorter_than(known)
            if info.flaw:
                raise Incomplete(self.origin, info.flaw, what=self._name)
            if self._lacking != NOTHING:
                await self._look_for(self._lacking)
            follower.epoch, follower.created = info.epoch, info.created
            await follower.resume()
            yield follower
        except Interrupted as error:
            if error.missing is not None:
                await self._look_for(error.missing)
            raise
        finally:
            follower.close()
            await session.unsubscribe(subscription)

    async def _look_for(self, sequence: EventSequence) -> None:
        """Raise `Incomplete` if the log ends at or after `sequence` and has no event there. Raises `Unavailable`.

        A server that finds a damaged event after a clean stop counts it, skips it, and does not report it. So the next
        reader looks for that event first, before it trusts the log.
        """
        try:
            info = await self.ascertain()
            is_lacking = info.last_sequence >= sequence and await self.event_at(sequence) is None
            self._lacking = sequence if is_lacking else NOTHING
            if is_lacking:
                flaw = info.flaw or f"it ends at {info.last_sequence} and has no message {sequence}"
                raise Incomplete(self.origin, flaw, what=self._name)
        except LogMissing as error:
            raise Unavailable(f"{self._stream} is gone") from error

    async def _begin(self, session: Session, deliveries: str, known: Mark) -> LogInfo:
        """Start the delivery of events after `known`, and describe the log: both at once, to save a round trip."""
        start = max(known.sequence, EventSequence(1))
        try:
            info, _ = await asyncio.gather(self._describe(session), self._deliver(session, deliveries, start=start))
        except LogMissing as error:
            if known.sequence == NOTHING:
                raise
            raise LogVanished(self.origin, known=known) from error
        return log_info(info)

    async def _shorter_than(self, known: Mark) -> WentBack | Unavailable:
        """The error for a log whose described end is before `known`."""
        last_sequence = (await self.ascertain()).last_sequence
        if last_sequence < known.sequence:
            return WentBack(self.origin, known=known, last_sequence=last_sequence)
        return Unavailable(f"{self._stream} was described by a server that no longer led it")

    async def _deliver(self, session: Session, deliveries: str, *, start: EventSequence) -> None:
        try:
            await jetstream.create_push_consumer(session, self._stream, deliver=deliveries, start=start)
        except jetstream.ApiError as error:
            if error.code == jetstream.STREAM_NOT_FOUND:
                raise LogMissing(self._stream) from error
            raise Unavailable(f"cannot follow {self._stream}: {error}") from error

    async def _describe(self, session: Session) -> jetstream.StreamInfo:
        try:
            return await jetstream.stream_info(session, self._stream)
        except jetstream.ApiError as error:
            if error.code == jetstream.STREAM_NOT_FOUND:
                raise LogMissing(self._stream) from error
            raise Unavailable(str(error)) from error


def _refusal(code: int, *, is_one: bool) -> Append:
    """The outcome for a refusal's code. An unknown code leaves the batch open."""
    if code in publishing.PLACE_TAKEN:
        return Append.PLACE_TAKEN
    if is_one and code == publishing.TOO_LARGE:
        return Append.TOO_LARGE
    if not is_one and code in publishing.NOT_AS_A_BATCH:
        return Append.NOT_AS_A_BATCH
    return Append.REFUSED if code in publishing.NOT_STORED else Append.UNANSWERED

"""A region's logs: append to one (conditional batches), follow one (push, in order, from the last known event)."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import NamedTuple

import msgspec
from nats.aio.msg import Msg

from adapters import jetstream
from adapters.connection import Connection, Session
from adapters.errors import EpochChanged, Forked, Interrupted, LogMissing, Unavailable, WentBack
from core.codec import fingerprint
from core.positions import BEGINNING, NOTHING, Arrival, Epoch, Mark, Region, classify
from core.positions import Sequence as EventSequence
from core.topology import epoch_in, stream_of, subjects_of

APPEND_TIMEOUT_SECONDS = 3.0
SILENCE_SECONDS = 2.5
"""How long a follower hears nothing, not even the heartbeat of every second, before it is in doubt."""

BATCH_EVENTS_MAX = 500
"""Half of what the server takes in a batch; more does not make it faster."""

ONE_BY_ONE_MAX = 8
"""Up to so many events are appended faster one after the other (ADR 7: 0.3 ms each) than as a batch (3 ms)."""

_PLACE_TAKEN = {10071, 10164}
_ORIGIN = "crosshook.origin"
_EPOCH = "crosshook.epoch"


class Entry(NamedTuple):
    """An event on its way into a log."""

    subject: str
    data: bytes


class Stored(NamedTuple):
    """An event at its place."""

    sequence: EventSequence
    subject: str
    data: bytes

    def mark(self) -> Mark:
        """By which this event is known again."""
        return Mark(
            epoch=epoch_in(self.subject), sequence=self.sequence, fingerprint=fingerprint(self.subject, self.data)
        )


class LogInfo(msgspec.Struct, frozen=True):
    """A log's identity and end."""

    epoch: Epoch
    last_sequence: EventSequence


class Append(Enum):
    """What became of a batch. Only `UNANSWERED` leaves it open; appending it again at its place decides it."""

    STORED = auto()
    PLACE_TAKEN = auto()
    REFUSED = auto()
    UNANSWERED = auto()


def batch_size(waiting: int) -> int:
    """How many of `waiting` events to append at once, so that the last of them is stored soonest."""
    return 1 if waiting <= ONE_BY_ONE_MAX else min(waiting, BATCH_EVENTS_MAX)


class EventLog:
    """One origin's log on one region's servers."""

    def __init__(self, connection: Connection, origin: Region) -> None:
        self._connection = connection
        self.origin = origin
        self._stream = stream_of(origin)

    async def describe(self) -> LogInfo:
        """The log's identity and end. Raises `LogMissing`, `Unavailable`."""
        return await self._describe(self._connection.current)

    async def create(self, epoch: Epoch, *, replicas: int) -> None:
        """Create the log if nobody has yet; whose epoch it then has is what `describe` says. Raises `Unavailable`."""
        config = jetstream.StreamConfig(
            name=self._stream,
            subjects=[subjects_of(self.origin, epoch)],
            metadata={_ORIGIN: self.origin, _EPOCH: epoch},
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
        if info.last_sequence == NOTHING:
            return BEGINNING
        try:
            last = await jetstream.stored_message(self._connection.current, self._stream, info.last_sequence)
        except jetstream.ApiError as error:
            raise Unavailable(f"cannot read event {info.last_sequence}: {error}") from error
        return Stored(info.last_sequence, last.subject, last.data).mark()

    async def stored_at(self, sequence: EventSequence) -> str:
        """When the log took the event at `sequence`, as RFC 3339. Raises `LogMissing`, `Unavailable`."""
        try:
            return (await jetstream.stored_message(self._connection.current, self._stream, sequence)).time
        except jetstream.ApiError as error:
            raise LogMissing(f"no event {sequence} in {self._stream}: {error}") from error

    async def append(
        self, entries: Sequence[Entry], *, after: EventSequence, on: Session | None = None
    ) -> tuple[Append, str]:
        """Append `entries` as one atomic batch right after `after`, or not at all; and why, in words.

        At most `BATCH_EVENTS_MAX` entries; `on` the given session only, if one is given. Stored means synced
        to disk by the log's servers.
        """
        try:
            session = on or self._connection.current
        except Unavailable as error:
            return Append.REFUSED, str(error)
        if session.is_lost:
            return Append.REFUSED, "the connection is lost"
        work = (
            jetstream.publish_one(session, *entries[0], after=after)
            if len(entries) == 1
            else jetstream.publish_batch(session, uuid.uuid4().hex, list(entries), after=after)
        )
        try:
            answer = await session.run(work, APPEND_TIMEOUT_SECONDS)
        except Unavailable as error:
            return Append.UNANSWERED, str(error)
        if isinstance(answer, int):
            return Append.STORED, ""
        outcome = Append.PLACE_TAKEN if answer.err_code in _PLACE_TAKEN else _refusal(answer)
        return outcome, f"{answer.description} ({answer.err_code})"

    @asynccontextmanager
    async def follow(self, known: Mark) -> AsyncIterator["Follower"]:
        """Read on after `known`, resuming *at* it: the log must still have that very event there.

        Raises `EpochChanged`, `WentBack`, `Forked`, `LogMissing`, `Unavailable`; the follower's `next`
        raises `Interrupted` as well, after which the caller follows anew from the last event it has.
        """
        session = self._connection.current
        follower = Follower(session, self.origin, known=known)
        inbox = session.inbox()
        subscription = await session.subscribe(inbox, follower.on_message)
        try:
            # Both at once: over a wide area each costs a round trip.
            info, _ = await asyncio.gather(
                self._describe(session), self._deliver(session, inbox, start=max(known.sequence, EventSequence(1)))
            )
            if known.sequence != NOTHING and known.epoch != info.epoch:
                raise EpochChanged(self.origin, known=known.epoch, found=info.epoch)
            if info.last_sequence < known.sequence:
                raise WentBack(self.origin, known=known, last_sequence=info.last_sequence)
            follower.epoch = info.epoch
            await follower.resume()
            yield follower
        finally:
            await session.unsubscribe(subscription)

    async def _deliver(self, session: Session, inbox: str, *, start: EventSequence) -> None:
        try:
            await jetstream.create_push_consumer(session, self._stream, deliver=inbox, start=start)
        except jetstream.ApiError as error:
            if error.code == jetstream.STREAM_NOT_FOUND:
                raise LogMissing(self._stream) from error
            raise Unavailable(f"cannot follow {self._stream}: {error}") from error

    async def _describe(self, session: Session) -> LogInfo:
        try:
            info = await jetstream.stream_info(session, self._stream)
        except jetstream.ApiError as error:
            if error.code == jetstream.STREAM_NOT_FOUND:
                raise LogMissing(self._stream) from error
            raise Unavailable(str(error)) from error
        return LogInfo(
            epoch=Epoch(info.config.metadata.get(_EPOCH, "")), last_sequence=EventSequence(info.state.last_seq)
        )


def _refusal(error: jetstream.Error) -> Append:
    """Whether a refusal is certain. One that is not known to be stays open."""
    certain = {0, 10176, 10201, 10210}
    return Append.REFUSED if error.err_code in certain else Append.UNANSWERED


class Follower:
    """Events of one log, contiguous from the one after `known`. `epoch` is the log's."""

    def __init__(self, session: Session, origin: Region, *, known: Mark) -> None:
        self.session = session
        self._origin = origin
        self._known = known
        self._must_see_known = known.sequence != NOTHING
        self._buffer: list[Msg] = []
        self._arrived = asyncio.Event()
        self.epoch = known.epoch
        session.on_lost(self._arrived.set)

    async def on_message(self, message: Msg) -> None:
        """Take what the consumer delivers; the server is held back by flow control, answered in `next`."""
        self._buffer.append(message)
        self._arrived.set()

    async def resume(self) -> None:
        """Return once the known event has come again. Raises `Forked`, `EpochChanged`, `Interrupted`, `Unavailable`."""
        while self._must_see_known:
            messages = await self._take()
            for index, message in enumerate(messages):
                await self._examine(message)
                if not self._must_see_known:
                    self._buffer = messages[index + 1 :] + self._buffer
                    break

    async def next(self) -> list[Stored]:
        """The next events, at least one. Raises `Forked`, `EpochChanged`, `Interrupted`, `Unavailable`."""
        while True:
            messages = await self._take()
            events = [event for message in messages if (event := await self._examine(message)) is not None]
            if events:
                return events

    async def _take(self) -> list[Msg]:
        while not self._buffer:
            if self.session.is_lost:
                raise Unavailable("the connection is lost")
            self._arrived.clear()
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                raise Interrupted(f"nothing heard for {SILENCE_SECONDS:g} s") from None
        messages, self._buffer = self._buffer, []
        return messages

    async def _examine(self, message: Msg) -> Stored | None:
        """The event in a delivered message, None for a control message or the known event itself."""
        if message.headers is not None and message.headers.get("Status") == "100":
            await self._answer_flow_control(message)
            return None
        event = Stored(EventSequence(jetstream.sequence_of(message.reply)), message.subject, message.data)
        if (found := epoch_in(event.subject)) != self.epoch:
            raise EpochChanged(self._origin, known=self.epoch, found=found)
        if self._must_see_known:
            self._recognize(event)
            return None
        if event.sequence != self._known.sequence + 1:
            raise Interrupted(f"event {event.sequence} came after {self._known.sequence}")
        self._known = Mark(epoch=self.epoch, sequence=event.sequence, fingerprint="")
        return event

    def _recognize(self, event: Stored) -> None:
        match classify(known=self._known, incoming=event.mark()):
            case Arrival.DUPLICATE:
                self._must_see_known = False
            case Arrival.FORKED:
                raise Forked(self._origin, known=self._known)
            case Arrival.NEXT | Arrival.GAP:
                raise Interrupted(f"event {event.sequence} came where {self._known.sequence} was asked for")

    async def _answer_flow_control(self, message: Msg) -> None:
        headers = message.headers or {}
        reply = message.reply or headers.get("Nats-Consumer-Stalled", "")
        if reply:
            await self.session.publish(reply, b"")

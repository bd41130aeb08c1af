"""Follows one log as its server pushes events: contiguous from the last known event on, or an error."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, time_ns
from typing import NamedTuple

from nats.aio.msg import Msg

from adapters import jetstream
from adapters.errors import EpochChanged, Forked, Interrupted, LogAlarm, LogMissing, Unavailable
from adapters.log_info import LogInfo
from adapters.session import Session
from core.codec import fingerprint
from core.positions import NOTHING, Arrival, Mark, Region, Sequence, classify
from core.subjects import TRACEPARENT, epoch_in

SILENCE_SECONDS = 2.5
"""How long a follower may hear nothing. The server sends at least a heartbeat every second."""

QUIET_SECONDS = 5.0
"""How often a follower without new events asks the log's leader whether there are any."""


class Stored(NamedTuple):
    """A message of a log at its place.

    `traceparent` accompanied it and is no part of it; `""` if unknown. A frame's has one for each of its events, with
    commas between them. `heard_nanoseconds` is its arrival by this machine's clock, since 1970; 0 if it was read on
    request.
    """

    sequence: Sequence
    subject: str
    data: bytes
    traceparent: str = ""
    heard_nanoseconds: int = 0

    @property
    def traceparents(self) -> list[str]:
        """The traces of its events, without those that are not known."""
        return [traceparent for traceparent in self.traceparent.split(",") if traceparent]

    def mark(self) -> Mark:
        """The mark that identifies this message."""
        return Mark(
            epoch=epoch_in(self.subject), sequence=self.sequence, fingerprint=fingerprint(self.subject, self.data)
        )


class _Heard(NamedTuple):
    """A message and its arrival time: it may wait in the buffer."""

    message: Msg
    at_nanoseconds: int


class Follower:
    """The events of one log, contiguous from the one after `known`.

    `epoch` is the log's. `created` is the time when it was made or restored. `describe` returns its end.
    """

    def __init__(
        self, session: Session, origin: Region, *, known: Mark, describe: Callable[[], Awaitable[LogInfo]]
    ) -> None:
        self.session = session
        self._origin = origin
        self._known = known
        self._describe = describe
        self._quiet_since = monotonic()
        self._described_end = NOTHING
        self._must_see_known = known.sequence != NOTHING
        self._buffer: list[_Heard] = []
        self._arrived = asyncio.Event()
        self.epoch = known.epoch
        self.created = ""
        self.close = session.on_end(self._arrived.set)
        """Removes this follower from the session, which may live longer."""

    def on_message(self, message: Msg) -> None:
        """Buffer a delivered message. Flow control, which `next` answers, limits the server.

        A heartbeat proves that the server lives, and is not kept. A heartbeat that asks for flow control is kept only
        if the buffer has no message that asks for the same.
        """
        if not _is_control(message) or self._asks_anew(message):
            self._buffer.append(_Heard(message, time_ns()))
        self._arrived.set()

    async def resume(self) -> None:
        """Return once the known event came again. Raises `Forked`, `EpochChanged`, `Interrupted`, `Unavailable`.

        A server whose replica of the log is behind would deliver it only after it has caught up, perhaps in minutes.
        """
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await self._see_known()
        except TimeoutError:
            why = f"message {self._known.sequence} was not delivered again within {SILENCE_SECONDS:g} s"
            raise Interrupted(why, missing=self._known.sequence) from None

    async def _see_known(self) -> None:
        while self._must_see_known:
            taken = await self._take()
            for index, heard in enumerate(taken):
                await self._examine(heard)
                if not self._must_see_known:
                    self._buffer = taken[index + 1 :] + self._buffer
                    break

    async def next(self) -> list[Stored]:
        """The next events, at least one. Raises `Forked`, `EpochChanged`, `Interrupted`, `Unavailable`."""
        while True:
            if events := await self.heard():
                return events

    async def heard(self) -> list[Stored]:
        """The next events, or none after a heartbeat, which comes every second. Raises as `next`.

        Events before an error are returned first. The next call raises it.
        """
        taken = await self._take()
        events: list[Stored] = []
        for index, heard in enumerate(taken):
            try:
                event = await self._examine(heard)
            except (Interrupted, LogAlarm):
                if not events:
                    raise
                self._buffer = taken[index:] + self._buffer
                break
            if event is not None:
                events.append(event)
        if events:
            self._quiet_since = monotonic()
        elif monotonic() >= self._quiet_since + QUIET_SECONDS:
            self._quiet_since = monotonic()
            await self._look_for_more()
        return events

    async def _look_for_more(self) -> None:
        """Raise `Interrupted` if the last description of the log had more events than the server has delivered.

        The server may be one of several that keep the log, and cut off from the others.
        """
        if self._known.sequence < self._described_end:
            why = f"nothing after {self._known.sequence} is delivered, and there is {self._described_end}"
            raise Interrupted(why, missing=self._after_known)
        try:
            info = await self._describe()
        except (LogMissing, Unavailable):
            return  # A server that is cut off, or in an election, cannot answer. Its heartbeats still arrive.
        if info.created != self.created:
            raise Interrupted(f"the log was restored or made anew at {info.created}")
        self._described_end = info.last_sequence

    @property
    def _after_known(self) -> Sequence:
        return Sequence(self._known.sequence + 1)

    async def _take(self) -> list[_Heard]:
        if not self._buffer and not self.session.is_lost and not self.session.is_replaced:
            self._arrived.clear()
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                raise Interrupted(f"nothing heard for {SILENCE_SECONDS:g} s") from None
        if not self._buffer and self.session.is_lost:
            raise Unavailable("the connection is lost")
        if not self._buffer and self.session.is_replaced:
            raise Interrupted("another session has taken the place of this one")
        taken, self._buffer = self._buffer, []
        return taken

    async def _examine(self, heard: _Heard) -> Stored | None:
        """The event in a delivered message, None for a control message or the known event itself."""
        message = heard.message
        if _is_control(message):
            await self.session.publish(_asked_at(message), b"")
            return None
        traceparent = (message.headers or {}).get(TRACEPARENT, "")
        sequence = Sequence(jetstream.sequence_of(message.reply))
        event = Stored(sequence, message.subject, message.data, traceparent, heard.at_nanoseconds)
        if (found := epoch_in(event.subject)) != self.epoch:
            raise EpochChanged(self._origin, known=self.epoch, found=found)
        if self._must_see_known:
            self._recognize(event)
            return None
        if event.sequence != self._after_known:
            missing = self._after_known if event.sequence > self._after_known else None
            raise Interrupted(f"message {event.sequence} came after {self._known.sequence}", missing=missing)
        self._known = Mark(epoch=self.epoch, sequence=event.sequence, fingerprint="")
        return event

    def _recognize(self, event: Stored) -> None:
        match classify(known=self._known, incoming=event.mark()):
            case Arrival.DUPLICATE:
                self._must_see_known = False
            case Arrival.FORKED:
                raise Forked(self._origin, known=self._known)
            case Arrival.NEXT | Arrival.GAP:
                why = f"message {event.sequence} came where {self._known.sequence} was asked for"
                raise Interrupted(why, missing=self._known.sequence)

    def _asks_anew(self, control: Msg) -> bool:
        """Whether `control` asks for flow control that no message in the buffer asks for."""
        subject = _asked_at(control)
        waiting = (heard.message for heard in self._buffer)
        return subject != "" and not any(_is_control(one) and _asked_at(one) == subject for one in waiting)


def _is_control(message: Msg) -> bool:
    return message.headers is not None and message.headers.get("Status") == "100"


def _asked_at(control: Msg) -> str:
    """The subject on which the server waits for an answer to `control`; `""` for a plain heartbeat."""
    return control.reply or (control.headers or {}).get("Nats-Consumer-Stalled", "")

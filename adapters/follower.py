"""Events of one log as its server pushes them: contiguous, from the last known event on, or a doubt."""

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
"""How long a follower hears nothing, not even the heartbeat of every second, before it is in doubt."""

QUIET_SECONDS = 5.0
"""How often a follower that hears of no event asks whether there is none: a request to the log's leader each time."""


class Stored(NamedTuple):
    """An event at its place.

    `traceparent` came with it, and is no part of it; `""` where it is not known. `heard_nanoseconds` is when it came,
    since 1970 by this machine's clock; 0 where it was asked for.
    """

    sequence: Sequence
    subject: str
    data: bytes
    traceparent: str = ""
    heard_nanoseconds: int = 0

    def mark(self) -> Mark:
        """By which this event is known again."""
        return Mark(
            epoch=epoch_in(self.subject), sequence=self.sequence, fingerprint=fingerprint(self.subject, self.data)
        )


class _Heard(NamedTuple):
    """A message, and when it came: it may wait here for its turn."""

    message: Msg
    at_nanoseconds: int


class Follower:
    """Events of one log, contiguous from the one after `known`.

    `epoch` is the log's, and `created` when it was made or restored; `describe` asks where it ends.
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
        self.close = session.on_lost(self._arrived.set)
        """Have the session, which may live long, remember nothing of this follower."""

    async def on_message(self, message: Msg) -> None:
        """Take what the consumer delivers; the server is held back by flow control, answered in `next`.

        A heartbeat proves by its arrival that the server lives, and is not kept. One that says that the server
        waits for flow control is kept only if what it waits for is not in the buffer, where its turn will come.
        """
        if not _is_control(message) or self._asks_anew(message):
            self._buffer.append(_Heard(message, time_ns()))
        self._arrived.set()

    async def resume(self) -> None:
        """Return once the known event has come again. Raises `Forked`, `EpochChanged`, `Interrupted`, `Unavailable`.

        A server that keeps the log too and is behind would have it come when it has caught up, in minutes perhaps.
        """
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await self._see_known()
        except TimeoutError:
            why = f"event {self._known.sequence} did not come again in {SILENCE_SECONDS:g} s"
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
        """The next events; none if the server only gave a sign of life, as it does every second. Raises as `next`.

        What precedes a doubt or an alarm is handed on first: the next call raises.
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
        """Raise if the log had more already when it was last described: the server that delivers it is left behind.

        It may be one of several that keep the log, and cut off from the others.
        """
        if self._known.sequence < self._described_end:
            why = f"nothing after {self._known.sequence} is delivered, and there is {self._described_end}"
            raise Interrupted(why, missing=self._after_known)
        try:
            info = await self._describe()
        except (LogMissing, Unavailable):
            return  # Whoever is cut off, or asked in the midst of an election, knows nothing; the heartbeat is heard.
        if info.created != self.created:
            raise Interrupted(f"the log was restored or made anew at {info.created}")
        self._described_end = info.last_sequence

    @property
    def _after_known(self) -> Sequence:
        return Sequence(self._known.sequence + 1)

    async def _take(self) -> list[_Heard]:
        if not self._buffer and not self.session.is_lost:
            self._arrived.clear()
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                raise Interrupted(f"nothing heard for {SILENCE_SECONDS:g} s") from None
        if not self._buffer and self.session.is_lost:
            raise Unavailable("the connection is lost")
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
            raise Interrupted(f"event {event.sequence} came after {self._known.sequence}", missing=missing)
        self._known = Mark(epoch=self.epoch, sequence=event.sequence, fingerprint="")
        return event

    def _recognize(self, event: Stored) -> None:
        match classify(known=self._known, incoming=event.mark()):
            case Arrival.DUPLICATE:
                self._must_see_known = False
            case Arrival.FORKED:
                raise Forked(self._origin, known=self._known)
            case Arrival.NEXT | Arrival.GAP:
                why = f"event {event.sequence} came where {self._known.sequence} was asked for"
                raise Interrupted(why, missing=self._known.sequence)

    def _asks_anew(self, control: Msg) -> bool:
        """Whether `control` asks for flow control, and nothing in the buffer asks for the same."""
        subject = _asked_at(control)
        waiting = (heard.message for heard in self._buffer)
        return subject != "" and not any(_is_control(one) and _asked_at(one) == subject for one in waiting)


def _is_control(message: Msg) -> bool:
    return message.headers is not None and message.headers.get("Status") == "100"


def _asked_at(control: Msg) -> str:
    """Where the server waits for an answer to `control`; nowhere if it is a heartbeat only."""
    return control.reply or (control.headers or {}).get("Nats-Consumer-Stalled", "")

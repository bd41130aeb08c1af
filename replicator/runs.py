"""Decode the messages of a log into runs: the register writes that one script call applies together. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from adapters.follower import Stored
from adapters.projection_arguments import Run
from core.codec import Undecodable
from core.frames import LogMessage, decode_message
from core.idempotency import record_of
from core.positions import Mark, Region
from core.projection import writes_of
from core.registers import Record, Write
from replicator.retry_policy import StoppedAt

RUN_EVENTS_MAX = 256
"""A script call takes no further message once it has so many events.

Redis does nothing else meanwhile: about a millisecond. Twice as many make a rebuild no faster.
"""


@dataclass
class DecodedRun:
    """Consecutive messages of `origin` after `before`, and what they write."""

    origin: Region
    before: Mark
    last: Mark
    events: int = 0
    first_clock_text: str = ""
    clock_text: str = ""
    messages: list[Stored] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    @property
    def to_apply(self) -> Run:
        """The arguments of the script call."""
        return Run(self.origin, self.before, self.last, self.clock_text, self.writes, self.records)

    def add(self, stored: Stored, message: LogMessage, *, now_milliseconds: int) -> None:
        """Add the message after `last`."""
        for logged in message.events:
            self.writes += writes_of(logged.envelope, logged.position)
            record = record_of(logged, now_milliseconds=now_milliseconds)
            if record is not None:
                self.records.append(record)
            self.clock_text = max(self.clock_text, logged.envelope.clock)
        self.first_clock_text = self.first_clock_text or message.events[0].envelope.clock
        self.events += len(message.events)
        self.messages.append(stored)
        self.last = message.mark


def runs_of(
    origin: Region, known: Mark, messages: Sequence[Stored], *, now_milliseconds: Callable[[], int]
) -> Iterator[DecodedRun]:
    """The runs of `messages`, which follow on `known`, each decoded when it is asked for.

    Raises `StoppedAt` for a message that this version cannot decode, after the run of those before it. No event of such
    a message is applied.
    """
    run = DecodedRun(origin, known, known)
    for stored in messages:
        try:
            message = decode_message(origin, stored.sequence, stored.subject, stored.data, counted=run.last.count)
        except Undecodable as error:
            if run.events:
                yield run
            raise StoppedAt(run.last.sequence, error) from error
        run.add(stored, message, now_milliseconds=now_milliseconds())
        if run.events >= RUN_EVENTS_MAX:
            yield run
            run = DecodedRun(origin, run.last, run.last)
    if run.events:
        yield run

"""Places in logs: sequences, epochs, positions, and how an arriving event relates to them."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NewType

import msgspec

Region = NewType("Region", str)
"""A region's name, as the topology spells it."""

Sequence = NewType("Sequence", int)
"""A message's place in its log. The first is 1; 0 means nothing yet."""

Epoch = NewType("Epoch", str)
"""The identity of an origin log, made with it. `""` means that no log has been seen."""

NOTHING = Sequence(0)
NO_EPOCH = Epoch("")


class Position(msgspec.Struct, frozen=True):
    """One message's place: origin, epoch and sequence. All of the message's events have it."""

    origin: Region
    epoch: Epoch
    sequence: Sequence


class Mark(msgspec.Struct, frozen=True, eq=False, omit_defaults=True):
    """The last message that a reader of one log has, precise enough to recognize it.

    `fingerprint` is `codec.fingerprint` of the message, `""` where `sequence` is 0. `events` is how many events the log
    has up to it, 0 if that is not known. It is no part of the identity.
    """

    epoch: Epoch
    sequence: Sequence
    fingerprint: str
    events: int = 0

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Mark)
            and self.sequence == other.sequence
            and self.fingerprint == other.fingerprint
            and self.epoch == other.epoch
        )

    def __ne__(self, other: object) -> bool:  # A struct's own one does not ask `__eq__`.
        return not self == other

    def __hash__(self) -> int:
        return hash((self.epoch, self.sequence, self.fingerprint))

    @property
    def count(self) -> int:
        """How many events the log has up to it. Versions that did not count wrote one event a message."""
        return self.events or self.sequence


BEGINNING = Mark(epoch=NO_EPOCH, sequence=NOTHING, fingerprint="")
"""The mark of a reader that has read nothing."""

Vector = Mapping[Region, Mark]
"""What a region has applied: its watermark for each origin. An origin that is missing is at `BEGINNING`."""


def reaches(vector: Vector, position: Position) -> bool:
    """Whether `vector` includes `position`: same log, at or above its sequence."""
    mark = vector.get(position.origin, BEGINNING)
    return mark.epoch == position.epoch and mark.sequence >= position.sequence


class Arrival(Enum):
    """How an incoming message relates to a reader that has everything up to its mark."""

    NEXT = auto()
    DUPLICATE = auto()
    GAP = auto()
    FORKED = auto()


def classify(*, known: Mark, incoming: Mark) -> Arrival:
    """Place `incoming` after `known`.

    A message of another epoch, or another message at the very place of `known`, is FORKED. A message below
    `known` cannot be compared any more and counts as a DUPLICATE. A reader therefore resumes *at* its mark.
    """
    if known.sequence != NOTHING and incoming.epoch != known.epoch:
        return Arrival.FORKED
    if incoming.sequence == known.sequence + 1:
        return Arrival.NEXT
    if incoming.sequence > known.sequence:
        return Arrival.GAP
    if incoming.sequence == known.sequence and incoming.fingerprint != known.fingerprint:
        return Arrival.FORKED
    return Arrival.DUPLICATE

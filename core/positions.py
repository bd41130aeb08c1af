"""Places in logs: sequences, epochs, positions, and how an arriving event relates to them."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NewType

import msgspec

Region = NewType("Region", str)
"""A region's name, as the topology spells it."""

Sequence = NewType("Sequence", int)
"""An event's place in its log. The first is 1; 0 means nothing yet."""

Epoch = NewType("Epoch", str)
"""The identity of an origin log, made with it. `""` means that no log has been seen."""

NOTHING = Sequence(0)
NO_EPOCH = Epoch("")


class Position(msgspec.Struct, frozen=True):
    """One event's place: origin, epoch and sequence."""

    origin: Region
    epoch: Epoch
    sequence: Sequence


class Mark(msgspec.Struct, frozen=True):
    """The last event that a reader of one log has, precise enough to recognize it.

    `fingerprint` is `codec.fingerprint` of the event, `""` where `sequence` is 0.
    """

    epoch: Epoch
    sequence: Sequence
    fingerprint: str


BEGINNING = Mark(epoch=NO_EPOCH, sequence=NOTHING, fingerprint="")
"""The mark of a reader that has read nothing."""

Vector = Mapping[Region, Mark]
"""What a region has applied: its watermark for each origin. An origin that is missing is at `BEGINNING`."""


def reaches(vector: Vector, position: Position) -> bool:
    """Whether `vector` includes `position`: same log, at or above its sequence."""
    mark = vector.get(position.origin, BEGINNING)
    return mark.epoch == position.epoch and mark.sequence >= position.sequence


class Arrival(Enum):
    """How an incoming event relates to a reader that has everything up to its mark."""

    NEXT = auto()
    DUPLICATE = auto()
    GAP = auto()
    FORKED = auto()


def classify(*, known: Mark, incoming: Mark) -> Arrival:
    """Place `incoming` after `known`.

    An event of another epoch, or another event at the very place of `known`, is FORKED. An event below
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

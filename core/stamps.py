"""The hybrid logical clock, and the stamps that order register writes.

A clock reading is one integer: milliseconds since 1970 in the high 48 bits, a logical counter in the low
24. When the counter is full it carries into the milliseconds, so a reading can always be followed by a
higher one, however far ahead another region's clock was.

Source: Kulkarni et al., "Logical Physical Clocks" (2014).
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import NewType

from core.positions import Region, Sequence

Clock = NewType("Clock", int)
"""A reading of the hybrid logical clock. 0 is below every reading."""

Stamp = NewType("Stamp", str)
"""Clock, origin, sequence, in `STAMP_WIDTH` characters whose order as text is the order of the writes."""

NEVER = Clock(0)
LOGICAL_BITS = 24
CLOCK_WIDTH = 18
CLOCKS = 16**CLOCK_WIDTH
"""The number of readings that `CLOCK_WIDTH` characters can show."""

ORIGIN_WIDTH = 6
SEQUENCE_WIDTH = 12
STAMP_WIDTH = CLOCK_WIDTH + ORIGIN_WIDTH + SEQUENCE_WIDTH

_CLOCK_FORMAT, _SEQUENCE_FORMAT = f"%0{CLOCK_WIDTH}x", f"%0{SEQUENCE_WIDTH}x"
"""Every event is rendered when it is applied. An f-string with a width of its own takes twice as long."""


def tick(*, now_milliseconds: int, seen: Clock) -> Clock:
    """The reading for a new event: the local time, or just above everything seen if that is higher."""
    return Clock(max(now_milliseconds << LOGICAL_BITS, seen + 1))


def milliseconds(clock: Clock) -> int:
    """The time of a reading, in milliseconds since 1970."""
    return clock >> LOGICAL_BITS


def render(clock: Clock) -> str:
    """A reading as fixed-width text, in the same order."""
    return _CLOCK_FORMAT % clock


def render_from(first: Clock, *, count: int) -> list[str]:
    """So many readings in sequence, as `render` writes them."""
    return [_CLOCK_FORMAT % clock for clock in range(first, first + count)]


def parse(text: str) -> Clock:
    """A reading from the text of `render`, or from the front of a stamp."""
    return Clock(int(text[:CLOCK_WIDTH], 16))


def sequence_of(stamp_or_register: str) -> Sequence:
    """The sequence of the event with that stamp, or with the stamp at the front of a register."""
    return Sequence(int(stamp_or_register[CLOCK_WIDTH + ORIGIN_WIDTH : STAMP_WIDTH], 16))


@lru_cache(maxsize=64)
def origin_code(origin: Region) -> str:
    """Six characters for an origin. A topology in which two regions share a code is refused.

    It is in every stamp and every token, and there are few origins, so the codes are cached.
    """
    return sha256(origin.encode()).hexdigest()[:ORIGIN_WIDTH]


def stamp(clock_text: str, origin: Region, sequence: Sequence) -> Stamp:
    """The stamp of the register writes of an event with that rendered clock. No two events share one."""
    return Stamp(clock_text + _place_text(origin, sequence))


@lru_cache(maxsize=64)
def _place_text(origin: Region, sequence: Sequence) -> str:
    """The end of a stamp. The events of a frame share it, and are rendered one after the other."""
    return origin_code(origin) + _SEQUENCE_FORMAT % sequence


def place_in(stamp_text: str, origins: Iterable[Region]) -> tuple[Region, Sequence] | None:
    """The place in a log of the event with that stamp; None if its log belongs to none of `origins`."""
    code, sequence = stamp_text[CLOCK_WIDTH:-SEQUENCE_WIDTH], sequence_of(stamp_text)
    return next(((origin, sequence) for origin in origins if origin_code(origin) == code), None)

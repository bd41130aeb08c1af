"""Whether a projection holds events of another history of a log than every region's log."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum, auto

from adapters.errors import Incomplete, LogMissing, Unavailable
from adapters.event_log import EventLog
from core.positions import Mark, Sequence

ANSWER_SECONDS = 2.0
"""The longest time for another region's answer. A region that does not answer is asked again at the next look."""


class Says(Enum):
    """The event of another region's log at a place, compared with ours."""

    SAME = auto()
    ANOTHER = auto()
    NOTHING = auto()
    NO_ANSWER = auto()


async def is_of_another_history(mark: Mark, *, log: EventLog, elsewhere: Iterable[EventLog]) -> bool:
    """Whether `log` has another event than `mark` at its place, and every other region that has one has the same.

    At least one region must have it, and all regions must answer. The projection may be all that is left of a lost log,
    and the log that replaced the lost one is no reason to drop it.
    """
    with suppress(Unavailable, LogMissing):
        found = await log.event_at(mark.sequence)
        if found is None or found.mark() == mark:
            return False
        said = await asyncio.gather(*(_what(other, mark.sequence, found.mark()) for other in elsewhere))
        return Says.SAME in said and {Says.ANOTHER, Says.NO_ANSWER}.isdisjoint(said)
    return False


async def _what(log: EventLog, sequence: Sequence, expected: Mark) -> Says:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            found = await log.event_at(sequence)
    except LogMissing:
        return Says.NOTHING
    except (Unavailable, Incomplete, TimeoutError):
        return Says.NO_ANSWER
    if found is None:
        return Says.NOTHING
    return Says.SAME if found.mark() == expected else Says.ANOTHER

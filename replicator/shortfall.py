"""The events that a projection lacks although its region had them, and what to do, in words. Pure."""

from typing import NamedTuple

from adapters.projection_state import Had, State
from core.positions import BEGINNING, Region, Sequence


class Shortfall(NamedTuple):
    """This region had an origin's events up to `had`, has applied them up to `applied`, and has no more to apply."""

    here: Region
    origin: Region
    applied: Sequence
    had: Had

    def __str__(self) -> str:
        """One sentence with the remedy."""
        known = "its own processes know" if self.had.by == self.here else f"{self.had.by} knows"
        what = (
            f"put the right log of {self.origin} back"
            if self.origin == self.here
            else f"its copy of that log is filled again from {self.origin}"
        )
        return (
            f"{self.here} had applied {self.origin} up to message {self.had.sequence}, as {known}, "
            f"and is at {self.applied}: {what}"
        )


def shortfalls(here: Region, state: State) -> list[Shortfall]:
    """For each origin, the events that the log did not have when the incarnation was first seen."""
    if state.is_current or not state.is_required_known:
        return []
    found = []
    for origin, had in state.known.items():
        mark, end = state.vector.get(origin, BEGINNING), state.required.get(origin)
        is_reached = mark.epoch == had.epoch and mark.sequence >= had.sequence
        is_in_log = end is not None and end.epoch == had.epoch and end.sequence >= had.sequence
        if not is_reached and not is_in_log:
            found.append(Shortfall(here, origin, mark.sequence, had))
    return found


def why_not_current(here: Region, state: State) -> str:
    """Why the projection is not current, unless it is only being rebuilt; `""` otherwise."""
    if state.contradicted is not None:
        mark, by = state.contradicted
        other = f"{by} has applied another message {mark.sequence} of {here} than the log of {here} has"
        return f"{other}: put the right log of {here} back"
    return "; ".join(str(one) for one in shortfalls(here, state))


def what_to_do_about(policy: str) -> str:
    """What to do about a Redis whose `maxmemory-policy` may have dropped data."""
    return (
        f"maxmemory-policy was {policy}, under which Redis may have dropped what was applied: "
        "set it to noeviction, then empty this Redis with FLUSHALL"
    )

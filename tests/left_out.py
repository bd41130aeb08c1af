"""Which tests a run leaves out, and what its end prints about them."""

from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

LONG = "long"
"""The marker of tests that take seconds even if they are shortened."""

SAME = "same"
"""Why the rest leaves a test out: it is the same in a short run."""


class Asked(NamedTuple):
    """How much a run was asked for: a short run for nothing, the rest for what a short run leaves out or shortens."""

    whole: bool
    programs: bool
    rest: bool


def why(asked: Asked, *, markers: Sequence[str], scales: bool) -> list[str]:
    """The reasons to leave a test out. A short run leaves out what has `markers`, and shortens what `scales`."""
    if asked.rest:
        return [] if markers or scales else [SAME]
    return [marker for marker in markers if not (asked.whole if marker == LONG else asked.programs)]


def draws_examples(module: ModuleType) -> bool:
    """Whether a file imports from Hypothesis. Its tests are not told apart: those of state machines carry no sign."""
    homes = (getattr(value, "__module__", None) or getattr(value, "__name__", "") for value in vars(module).values())
    return any(str(home).partition(".")[0] == "hypothesis" for home in homes)


def line(reason: str, count: int, *, need: str) -> str:
    """What the end of a run prints about `count` tests. `need`: what tests with the marker `reason` need."""
    tests = "1 test" if count == 1 else f"{count} tests"
    if reason == LONG:
        which = "marked as long"
    elif reason == SAME:
        which = "that `make test` runs in the same form"
    else:
        which = f"that need{'s' if count == 1 else ''} {need}"
    return f"left out: {tests} {which} (`make test-all` runs every test)"

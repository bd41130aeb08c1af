"""The state of each step for each origin, for `/readyz`, the log and the metrics."""

from collections.abc import Callable
from enum import StrEnum
from time import monotonic
from typing import NamedTuple

from adapters.errors import LogLost
from core.positions import Region, Sequence
from replicator.retry_policy import Halt
from runtime.reminders import Reminders
from runtime.troubles import halts, waits

MOMENT_SECONDS = 2.0


class Step(StrEnum):
    """A step of the work for an origin."""

    ESTABLISH = "establish"
    SHIP = "ship"
    APPLY = "apply"


class Wait(NamedTuple):
    """Why a step waits, and since when, by the monotonic clock."""

    why: str
    since_seconds: float


class Status:
    """Which steps work, which wait, and which are halted."""

    def __init__(self, now_seconds: Callable[[], float] = monotonic) -> None:
        self._now_seconds = now_seconds
        self._waiting: dict[tuple[Step, Region], Wait] = {}
        self._halted: dict[tuple[Step, Region], Halt] = {}
        self._halts = halts(Reminders(now_seconds))
        self._waits = waits(Reminders(now_seconds))

    def following(self, step: Step, origin: Region) -> None:
        """The step has handled all that it has read, from the log that it read before."""
        halt = self._halted.get((step, origin))
        if halt is None or halt.is_about_the_log:
            self.progressed(step, origin)

    def progressed(self, step: Step, origin: Region) -> None:
        """The step has handled an event, or could."""
        if self._halted.pop((step, origin), None) is not None:
            self._halts.ended(step, origin)
        if self._waiting.pop((step, origin), None) is not None:
            self._waits.ended(step, origin)

    def waiting(self, step: Step, origin: Region, *, reason: str, why: str) -> None:
        """The step waits."""
        before = self._waiting.get((step, origin))
        self._waiting[step, origin] = Wait(why, self._now_seconds() if before is None else before.since_seconds)
        self._waits.began(step, origin, reason=reason, why=why)

    def halt(self, step: Step, origin: Region, halt: Halt) -> bool:
        """The step stops for this origin. Returns whether that is new."""
        if self._waiting.pop((step, origin), None) is not None:
            self._waits.ended(step, origin, is_told=False)
        self._halted[step, origin] = halt
        return self._halts.began(step, origin, reason=halt.reason, why=halt.why)

    def lacking(self, origin: Region) -> list[str]:
        """Why there is no log of `origin`: it is not there yet, or it was lost."""
        establishing = self._waiting.get((Step.ESTABLISH, origin))
        waiting = [] if establishing is None else [establishing.why]
        lost = [
            halt.why for (_, halted), halt in self._halted.items() if halted == origin and halt.reason == LogLost.reason
        ]
        return list(dict.fromkeys(waiting + lost))

    @property
    def halted(self) -> dict[Region, str]:
        """Origin -> reason and words."""
        return {origin: f"{halt.reason}: {halt.why}" for (_, origin), halt in self._halted.items()}

    def long_waits(self, *, is_connected: Callable[[Region], bool], can_apply: bool) -> dict[tuple[Step, Region], str]:
        """The steps that have waited for more than `MOMENT_SECONDS`, and why.

        Waits that follow from other trouble are left out: those for a region that is not connected, and those for a
        Redis that takes no writes. A log that must be established first is in `lacking`.
        """
        until = self._now_seconds() - MOMENT_SECONDS
        return {
            (step, origin): wait.why
            for (step, origin), wait in self._waiting.items()
            if wait.since_seconds <= until
            and ((step is Step.APPLY and can_apply) or (step is Step.SHIP and is_connected(origin)))
        }

    def stops(self, step: Step) -> dict[Region, Sequence]:
        """Where `step` is halted by an event itself: origin -> the last sequence before it."""
        return {
            origin: halt.stops_at
            for (halted_step, origin), halt in self._halted.items()
            if halted_step == step and halt.stops_at is not None
        }

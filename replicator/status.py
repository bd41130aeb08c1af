"""What each step is doing for each origin, for `/readyz`, the log and the metrics."""

from enum import StrEnum

import structlog

from adapters.errors import LogLost
from core.positions import Region, Sequence
from replicator.failure import Halt
from runtime.reporting import report_halt, report_resumed

log = structlog.get_logger()


class Step(StrEnum):
    """What is done for an origin."""

    ESTABLISH = "establish"
    SHIP = "ship"
    APPLY = "apply"


class Status:
    """Who works, who waits for what, and who is halted."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Step, Region], str] = {}
        self._halted: dict[tuple[Step, Region], Halt] = {}

    def following(self, step: Step, origin: Region) -> None:
        """The step reads its log again, and it is the log that it has read before."""
        halt = self._halted.get((step, origin))
        if halt is None or halt.is_about_the_log:
            self.progressed(step, origin)

    def progressed(self, step: Step, origin: Region) -> None:
        """The step has dealt with an event, or can."""
        if (halt := self._halted.pop((step, origin), None)) is not None:
            report_resumed(step, origin, before=halt.reason)
        if self._waiting.pop((step, origin), None) is not None:
            log.info("following", step=step, origin=origin)

    def waiting(self, step: Step, origin: Region, why: str) -> None:
        """The step cannot go on for now. Said once for each reason, not at every try."""
        if self._waiting.get((step, origin), "") != why and why:
            log.warning("waiting", step=step, origin=origin, why=why)
        self._waiting[step, origin] = why

    def halt(self, step: Step, origin: Region, halt: Halt) -> None:
        """The step stops for this origin."""
        self._waiting.pop((step, origin), None)
        before = self._halted.get((step, origin))
        if before != halt:
            said = "" if before is None else before.reason
            report_halt(step, origin, reason=halt.reason, why=halt.why, before=said)
        self._halted[step, origin] = halt

    def lacking(self, origin: Region) -> list[str]:
        """Why there is no log of `origin`, as far as is known: it is not there yet, or was lost."""
        waiting = [why for (step, waiting), why in self._waiting.items() if (step, waiting) == (Step.ESTABLISH, origin)]
        lost = [
            halt.why for (_, halted), halt in self._halted.items() if halted == origin and halt.reason == LogLost.reason
        ]
        return list(dict.fromkeys(waiting + lost))

    @property
    def halted(self) -> dict[Region, str]:
        """Origin -> reason and words."""
        return {origin: f"{halt.reason}: {halt.why}" for (_, origin), halt in self._halted.items()}

    def stops(self, step: Step) -> dict[Region, Sequence]:
        """Where `step` is halted by an event itself: origin -> the last sequence before it."""
        return {
            origin: halt.stops_at
            for (halted_step, origin), halt in self._halted.items()
            if halted_step == step and halt.stops_at is not None
        }

"""What each step is doing for each origin, for `/readyz`, the log and the metrics."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

import structlog

from core.positions import Region
from replicator import metrics
from replicator.failure import HALT_RECHECK_SECONDS, Halt, Retry, verdict

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
        if self._halted.pop((step, origin), None) is not None:
            log.info("resumed", step=step, origin=origin)
            metrics.HALTED.labels(step, origin).set(0)
        if self._waiting.pop((step, origin), None) is not None:
            log.info("following", step=step, origin=origin)

    def waiting(self, step: Step, origin: Region, why: str) -> None:
        """The step cannot go on for now. Said once, not at every try."""
        if (step, origin) not in self._waiting and why:
            log.warning("waiting", step=step, origin=origin, why=why)
        self._waiting[step, origin] = why

    def halt(self, step: Step, origin: Region, halt: Halt) -> None:
        """The step stops for this origin."""
        self._waiting.pop((step, origin), None)
        if self._halted.get((step, origin)) != halt:
            log.error("halted", step=step, origin=origin, reason=halt.reason, why=halt.why)
            metrics.HALTED.labels(step, origin).set(1)
        self._halted[step, origin] = halt

    def waiting_in(self, step: Step) -> list[str]:
        """Why `step` cannot go on for now, in words."""
        return [why for (waiting_step, _), why in self._waiting.items() if waiting_step == step]

    @property
    def halted(self) -> dict[Region, str]:
        """Origin -> reason and words."""
        return {origin: f"{halt.reason}: {halt.why}" for (_, origin), halt in self._halted.items()}

    def halted_in(self, step: Step) -> list[Region]:
        """The origins for which `step` is halted."""
        return [origin for halted_step, origin in self._halted if halted_step == step]


async def persist(life: Callable[[], Awaitable[None]], *, step: Step, origin: Region, status: Status) -> None:
    """Run `life` until it returns: again at once after a doubt, a moment after a failure, later after a halt."""
    while True:
        try:
            await life()
        except Exception as error:
            match verdict(error):
                case Retry(after_seconds=pause, why=why):
                    status.waiting(step, origin, why)
                case Halt(reason="unexpected") as halt:
                    log.exception("unexpected", step=step, origin=origin)
                    status.halt(step, origin, halt)
                    pause = HALT_RECHECK_SECONDS
                case halt:
                    status.halt(step, origin, halt)
                    pause = HALT_RECHECK_SECONDS
            await asyncio.sleep(pause)
        else:
            status.progressed(step, origin)
            return

"""The result of applying a run of events, as the script `apply` returns it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from adapters.projection_state import mark_of
from core.positions import Mark


class Applied(StrEnum):
    """The outcome of a run of events."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    GAP = "gap"
    FORKED = "forked"
    UNSEEN = "unseen"
    TAINTED = "tainted"


class ApplyResult(NamedTuple):
    """The outcome of a run of events, and the origin's watermark afterwards.

    `receivers` is how many services Redis published the watermark to, if it was applied now. `unpublished` is why it
    could not be published; `""` if it could.
    """

    outcome: Applied
    incarnation: str
    is_current: bool
    mark: Mark
    receivers: int = 0
    unpublished: str = ""

    @property
    def is_received_here(self) -> bool:
        """Whether the services of this region need no announcement of the watermark: they received it from Redis.

        The replicator that applied a duplicate announces it.
        """
        return self.outcome is Applied.DUPLICATE or self.receivers > 0


def result_of(response: Sequence[Any]) -> ApplyResult:
    """The result in the script's response."""
    what, incarnation, is_current, epoch, sequence, fingerprint, extra, published = response
    is_published = isinstance(published, int)
    return ApplyResult(
        outcome=Applied(what),
        incarnation=incarnation,
        is_current=bool(is_current),
        mark=mark_of(epoch, sequence, fingerprint, extra=extra),
        receivers=published if is_published else 0,
        unpublished="" if is_published else published,
    )

"""The log lines about the projection: each change once, and each trouble once with a reminder every minute."""

import asyncio
from collections.abc import Mapping

import structlog

from adapters.projection_state import State
from adapters.watermark_channel import MAY_PUBLISH
from core.positions import Mark, Region
from replicator.shortfall import what_to_do_about, why_not_current
from runtime.reminders import Reminders

log = structlog.get_logger()

PROGRESS_SECONDS = 1.0


class ProjectionLines:
    """Writes the lines about one region's projection."""

    def __init__(self, here: Region) -> None:
        self._here = here
        self._next_progress = 0.0
        self._logged_vector: dict[str, int] | None = None
        self._logged_policy = ""
        self._reminders = Reminders()

    def unreachable(self, why: str) -> None:
        """Log that the projection could not be read."""
        if self._reminders.is_due("unreachable", why):
            log.warning("projection unreachable", why=why)

    def published(self, why_not: str) -> None:
        """Log why a watermark could not be published; `""` if it could."""
        if not why_not:
            self._reminders.is_end_due("published")
        elif self._reminders.is_due("published", why_not):
            log.warning("watermarks not published", why=f"{why_not}; grant the Redis user {MAY_PUBLISH}")

    def seen(self, state: State, *, previous: State) -> None:
        """Log what changed in the projection's state since the `previous` look."""
        self._reminders.is_end_due("unreachable")
        is_new = state.incarnation != previous.incarnation
        if state.tainted and state.tainted != self._logged_policy:
            log.error("projection tainted", why=what_to_do_about(state.tainted))
        self._logged_policy = state.tainted
        if is_new:
            log.info("incarnation", incarnation=state.incarnation, vector=_sequences(state.vector))
        if state.is_current and (is_new or not previous.is_current):
            log.info("current", incarnation=state.incarnation, vector=_sequences(state.vector))
        self._log_why_not_current(state)
        self._log_progress(state)

    def _log_why_not_current(self, state: State) -> None:
        why = why_not_current(self._here, state)
        if not why:
            self._reminders.is_end_due("not current")
        elif self._reminders.is_due("not current", why):
            log.warning("not current", why=why)

    def _log_progress(self, state: State) -> None:
        now = asyncio.get_running_loop().time()
        if not state.is_current and now >= self._next_progress:
            self._next_progress = now + PROGRESS_SECONDS
            vector = _sequences(state.vector)
            # A projection that stands still is logged once a minute.
            if vector != self._logged_vector or self._reminders.is_due("rebuilding", "it stands still"):
                log.info("rebuilding", vector=vector)
            self._logged_vector = vector


def _sequences(vector: Mapping[Region, Mark]) -> dict[str, int]:
    return {origin: mark.sequence for origin, mark in vector.items()}

"""Decide waiting proposals, and append their events to this region's own log, one batch at a time."""

import asyncio
import secrets
from collections.abc import Callable

from adapters.event_log import EventLog
from core.operations import NONCE_BITS
from service.watermarks.acknowledgements import Acknowledgements
from service.writes.batch import Proposal
from service.writes.batch_placement import BatchPlacement
from service.writes.frame_use import FrameUse
from service.writes.log_state import LogState

COMPOSE_SECONDS_MAX = 0.01
"""The longest time to decide one batch.

Meanwhile the process answers no other request. So many refusals at once must not delay the others.
"""


class NothingAppended(Exception):
    """The log cannot take events now, and was not handed this one."""


class LogWriter:
    """The one writer of this process. Several processes may write to one log: its places decide."""

    def __init__(
        self,
        state: LogState,
        *,
        event_log: EventLog,
        acknowledgements: Acknowledgements,
        frame_use: FrameUse,
        now_milliseconds: Callable[[], int],
    ) -> None:
        self._state = state
        self._frame_use = frame_use
        self._placement = BatchPlacement(state, event_log=event_log, acknowledgements=acknowledgements)
        self._now_milliseconds = now_milliseconds

    @property
    def why_not(self) -> str:
        """Why the process cannot append now, in words; `""` if nothing is known to prevent it."""
        if self._state.alarm:
            return f"an operator to look at this region's log: {self._state.alarm}"
        if self._state.waiting_for:
            return self._state.waiting_for
        # A process that stayed not ready after the last waiter left would get no writes, and would try nothing.
        group_commit, trouble = self._state.group_commit, self._placement.trouble
        is_tried = trouble and group_commit is not None and group_commit.is_waited_for
        return f"the log to take events: {trouble}" if is_tried else ""

    def submit(self, proposal: Proposal) -> None:
        """Decide and append `proposal`. Raises `NothingAppended` if that cannot even be tried."""
        if self._state.group_commit is None or self._state.alarm:
            raise NothingAppended(f"waiting for {self.why_not}")
        self._state.group_commit.submit(proposal)
        self._state.changed()

    def withdraw(self, proposal: Proposal) -> None:
        """No request waits for `proposal` any more."""
        if self._state.group_commit is not None:
            self._state.group_commit.withdraw(proposal)

    async def run(self) -> None:
        """Append until cancelled."""
        while True:
            await self._state.until(self._can_compose)
            group_commit, session = self._state.group_commit, self._state.session
            if group_commit is None or session is None:
                continue
            batch = group_commit.compose(
                self._now_milliseconds(),
                nonce=secrets.randbits(NONCE_BITS),
                form=self._frame_use.form(group_commit.tail.end, session),
                is_enough=_after(COMPOSE_SECONDS_MAX),
            )
            if batch is not None:
                await self._placement.place(group_commit, batch)
            else:
                await asyncio.sleep(0)  # Other tasks have their turn, however many proposals were refused.

    def _can_compose(self) -> bool:
        group_commit = self._state.group_commit
        return (
            group_commit is not None
            and group_commit.has_work
            and group_commit.is_caught_up
            and self._state.has_room
            and self._state.session is not None
        )


def _after(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed since now."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    return lambda: loop.time() >= deadline

"""Record the last day on which each API key was used: at most one event for a key, a day and a region, beside requests.

A request reads its key's registers anyway, and with them the last day that is known. Only the first one of a day finds
an earlier day there, and proposes an event. No request waits for it, or fails with it.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Protocol

from adapters.projection import View
from core.api_keys import api_key_key, last_used_day
from core.commands import RecordApiKeyUse
from core.positions import Region
from core.registers import Fields, stamp_of
from core.stamps import place_in
from service.request.context import Caller
from service.writes.batch import Outcome, Proposal, Stale
from service.writes.log_writer import NothingAppended

PENDING_MAX = 256
"""How many uses wait for the log at once: one frame has room for them. A later request of a further key proposes it."""

PENDING_SECONDS = 2.0
"""How long a use waits for its turn to be handed to the log."""

ASKED_MAX = 10_000
"""How many keys a process remembers to have proposed today. Without it nothing breaks: a decision knows of the tail."""

_DAY_MILLISECONDS = 86_400_000


class LastUsed(StrEnum):
    """How often the use of a key is recorded."""

    DAILY = "daily"
    NEVER = "never"


class Writer(Protocol):
    """Appends what proposals decide."""

    def submit(self, proposal: Proposal) -> None:
        """Decide and append `proposal`. Raises `NothingAppended` if that cannot even be tried."""

    def withdraw(self, proposal: Proposal) -> None:
        """Do not append `proposal` any more, unless that was tried already."""


class KeyUses:
    """The uses of API keys in one process. `why_not_read` returns `""` once every region reads such events."""

    def __init__(
        self,
        here: Region,
        writer: Writer,
        *,
        setting: LastUsed = LastUsed.DAILY,
        why_not_read: Callable[[], str],
        now_milliseconds: Callable[[], int],
    ) -> None:
        self._here = here
        self._writer = writer
        self._setting = setting
        self._why_not_read = why_not_read
        self._now_milliseconds = now_milliseconds
        self._day_number = 0
        self._day = ""
        self._asked: set[str] = set()
        self._pending: dict[str, asyncio.TimerHandle] = {}

    def used(self, caller: Caller, view: View) -> None:
        """A request of `caller`, whose key was read in `view`, is accepted."""
        if caller.credentials is None or self._setting is LastUsed.NEVER:
            return
        self._look_at_the_day()
        key_id = caller.credentials.key_id
        fields = view.registers.get(api_key_key(key_id), {})
        if last_used_day(fields) >= self._day or key_id in self._asked:
            return
        if len(self._pending) < PENDING_MAX and (self._is_in_own_log(fields) or not self._why_not_read()):
            self._propose(RecordApiKeyUse(caller.organization_id, key_id, self._day), view)

    def _look_at_the_day(self) -> None:
        number = self._now_milliseconds() // _DAY_MILLISECONDS
        if number != self._day_number:
            self._day_number = number
            self._day = datetime.fromtimestamp(number * _DAY_MILLISECONDS / 1_000, UTC).date().isoformat()
            # What was handed to a log that is gone is not settled any more.
            self._asked, self._pending = set(), {}

    def _is_in_own_log(self, fields: Fields) -> bool:
        """Whether this region's log has such an event already: no older version can read it any more."""
        return "used" in fields and place_in(stamp_of(fields["used"]), [self._here]) is not None

    def _propose(self, command: RecordApiKeyUse, view: View) -> None:
        key_id, key = command.key_id, api_key_key(command.key_id)
        proposal = Proposal(
            command=command,
            author=key_id,
            vector=view.vector,
            clock=view.clock,
            registers={key: view.registers[key]},
            settle=partial(self._settled, key_id),
        )
        try:
            self._writer.submit(proposal)
        except NothingAppended:
            return  # A later request proposes it again.
        if len(self._asked) >= ASKED_MAX:
            self._asked.clear()
        self._asked.add(key_id)
        loop = asyncio.get_running_loop()
        self._pending[key_id] = loop.call_later(PENDING_SECONDS, self._give_up, key_id, proposal)

    def _settled(self, key_id: str, outcome: Outcome) -> None:
        if (timer := self._pending.pop(key_id, None)) is not None:
            timer.cancel()
        if isinstance(outcome, Stale):
            self._asked.discard(key_id)

    def _give_up(self, key_id: str, proposal: Proposal) -> None:
        """The log did not take it: leave the queue, so that the process is as ready as without it."""
        if not proposal.is_handed:
            self._writer.withdraw(proposal)
            self._pending.pop(key_id, None)
            self._asked.discard(key_id)

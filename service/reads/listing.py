"""Lists of webhooks: a page in one step, a whole list in pieces."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import NamedTuple

import msgspec

from core.catalogue import Trigger
from core.preconditions import require
from core.registers import Fields, Registers
from core.targets import normal_form
from core.webhooks import (
    Webhook,
    has_target,
    has_trigger,
    query_some_webhooks,
    query_webhook_ids,
    query_webhooks,
    query_webhooks_by_target,
    webhook_ids_in,
    webhook_in,
    webhook_key,
    webhooks_in,
)
from service.reads.pages import Listed, Page
from service.reads.session_consistency import SessionConsistency
from service.reads.turns import Turns
from service.request.context import ReadRequest
from service.request.errors import ListTooLarge
from service.request.shown import Progress, Result

LIST_BYTES_MAX = 16 * 1024 * 1024
"""The largest list. It is in memory until it is sent, once for each organization."""

ONE_STEP_MAX = 10
"""Up to so many webhooks are read in one step, without a turn: at most 2 MB, less than a page can have."""

KEYS_ASKED_FOR = 500
"""The most webhooks in a piece. Most webhooks are small, and reading more would take over a millisecond."""

Render = Callable[[Webhook], bytes]
"""Renders a webhook as JSON for the response."""


class Wanted(NamedTuple):
    """Which webhooks to list: only those with this `target_url`, and only those with this `trigger`, if given."""

    target_url: str | None = None
    trigger: Trigger | None = None


class Listing:
    """Reads lists of webhooks."""

    def __init__(self, session_consistency: SessionConsistency, turns: Turns) -> None:
        self._session_consistency = session_consistency
        self._turns = turns

    async def webhooks(
        self, request: ReadRequest, page: Page, wanted: Wanted, render: Render
    ) -> Result[Listed[msgspec.Raw]]:
        """The webhooks that are wanted, in creation order.

        Raises `Refused`: why is what `SessionConsistency.read` raises, `PreconditionFailed`, `ListTooLarge` or
        `NotYetTheirTurn`.
        """
        with Progress(request.asked) as progress:
            if wanted.target_url is not None:
                found = await self._having(
                    wanted.target_url, request, progress, page=page, wanted=wanted, render=render
                )
            elif wanted.trigger is None and page.limit is not None:
                found = await self._page(request, progress, page.offset, page.limit, render)
            else:
                found = await self._whole(request, progress, page, wanted, render)
            return progress.result(found)

    async def _page(
        self, request: ReadRequest, progress: Progress, offset: int, limit: int, render: Render
    ) -> Listed[msgspec.Raw]:
        organization_id = request.caller.organization_id
        view = await self._session_consistency.read(
            query_webhooks(organization_id, offset=offset, limit=limit), request, progress
        )
        require(request.preconditions)
        webhooks = webhooks_in(organization_id, view.registers)
        return Listed([msgspec.Raw(render(webhook)) for webhook in webhooks], view.counted, Page(offset, limit))

    async def _having(
        self, target_url: str, request: ReadRequest, progress: Progress, *, page: Page, wanted: Wanted, render: Render
    ) -> Listed[msgspec.Raw]:
        """The webhooks with one `target_url`: nearly always one, so they are read in one step."""
        organization_id, normal = request.caller.organization_id, normal_form(target_url)
        view = await self._session_consistency.read(
            query_webhooks_by_target(organization_id, target_url), request, progress
        )
        require(request.preconditions)
        prefix = webhook_key(organization_id, "")
        found = {
            key.removeprefix(prefix): fields
            for key, fields in view.registers.items()
            if key.startswith(prefix) and has_target(fields, normal) and _is_wanted(fields, wanted)
        }
        webhooks = [webhook_in(name, found[name]) for name in sorted(found, key=lambda name: found[name]["created"])]
        items = [msgspec.Raw(render(webhook)) for webhook in webhooks if webhook is not None]
        return Listed(page.of(items), len(items), page)

    async def _whole(
        self, request: ReadRequest, progress: Progress, page: Page, wanted: Wanted, render: Render
    ) -> Listed[msgspec.Raw]:
        organization_id, collected = request.caller.organization_id, _Collected(page, wanted, render)
        # Only an authenticated request, which counts as in flight, waits for its turn.
        view = await self._session_consistency.read(
            query_webhooks(organization_id, offset=0, limit=ONE_STEP_MAX), request, progress
        )
        require(request.preconditions)
        if view.counted <= ONE_STEP_MAX:
            for webhook_id, fields in _in_order(organization_id, view.registers):
                collected.add(webhook_id, fields)
        else:
            await self._turns.take(request, request.deadline)
            async for webhook_id, fields in self._pieces(request, progress):
                collected.add(webhook_id, fields)
        return collected.listed()

    async def _pieces(self, request: ReadRequest, progress: Progress) -> AsyncIterator[tuple[str, Fields]]:
        """Each webhook that exists when the first piece is read, in creation order, once."""
        organization_id = request.caller.organization_id
        view = await self._session_consistency.read(query_webhook_ids(organization_id), request, progress)
        left = webhook_ids_in(organization_id, view.registers)
        while left:
            view = await self._session_consistency.read(
                query_some_webhooks(organization_id, left[:KEYS_ASKED_FOR]), request, progress
            )
            found = _those_in(organization_id, left[:KEYS_ASKED_FOR], view.registers)
            for name, fields in found:
                yield name, fields
            left = left[len(found) :]


class _Collected:
    """A list that is collected webhook by webhook, in creation order."""

    def __init__(self, page: Page, wanted: Wanted, render: Render) -> None:
        self._page, self._wanted, self._render = page, wanted, render
        self._items: list[msgspec.Raw] = []
        self._count = self._size = 0

    def add(self, webhook_id: str, fields: Fields) -> None:
        """Add the webhook, if it is wanted. Raises `ListTooLarge`."""
        webhook = webhook_in(webhook_id, fields) if _is_wanted(fields, self._wanted) else None
        if webhook is None:
            return
        if self._page.has(self._count):
            item = self._render(webhook)
            self._items.append(msgspec.Raw(item))
            self._size += len(item)
        self._count += 1
        if self._size > LIST_BYTES_MAX:
            raise ListTooLarge(LIST_BYTES_MAX)

    def listed(self) -> Listed[msgspec.Raw]:
        """What was added."""
        return Listed(self._items, self._count, self._page)


def _in_order(organization_id: str, registers: Registers) -> list[tuple[str, Fields]]:
    return _those_in(organization_id, webhook_ids_in(organization_id, registers), registers)


def _those_in(organization_id: str, webhook_ids: Iterable[str], registers: Registers) -> list[tuple[str, Fields]]:
    """The webhooks of `webhook_ids` that were read, with their registers."""
    keys = {webhook_id: webhook_key(organization_id, webhook_id) for webhook_id in webhook_ids}
    return [(webhook_id, registers[key]) for webhook_id, key in keys.items() if key in registers]


def _is_wanted(fields: Fields, wanted: Wanted) -> bool:
    return wanted.trigger is None or has_trigger(fields, wanted.trigger)

"""A whole list is read in pieces: which webhooks it has, and when it is refused."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import msgspec
import pytest

from adapters.projection import View
from core.api_keys import Credentials, Unauthenticated
from core.events import Envelope, WebhookCreated, WebhookDeleted
from core.positions import Epoch, Position, Region, Sequence
from core.projection import writes_of
from core.registers import Query, merge
from core.stamps import NEVER, Clock, render
from core.webhooks import Webhook
from service.reads import listing as listing_module
from service.reads.listing import Listing, Wanted
from service.reads.pages import Listed, Page
from service.reads.turns import Turns
from service.request.context import ReadRequest
from service.request.errors import ListTooLarge, NotYetTheirTurn
from service.request.shown import Progress, Refused
from service.watermarks.deadlines import Deadlines
from service.watermarks.waiters import Waiters
from tests.unit.service.asked_by import ORGANIZATION, asked_by

LONG, SOON = 600.0, 0.01


class Projection:
    """Reads two of the `some` keys at a time. `meanwhile` is called after each read."""

    def __init__(self, *webhook_ids: str) -> None:
        self.registers: dict[str, dict[str, str]] = {}
        self.sequence = 0
        self.reads = 0
        self.meanwhile: Callable[[], None] = lambda: None
        self.refuses: list[str] = []
        for webhook_id in webhook_ids:
            self.apply(WebhookCreated(webhook_id, "hook", f"https://{webhook_id}.example.com"))

    def apply(self, event: WebhookCreated | WebhookDeleted) -> None:
        self.sequence += 1
        envelope = Envelope(
            operation_id="o", organization_id=ORGANIZATION, clock=render(Clock(self.sequence)), event=event
        )
        merge(self.registers, writes_of(envelope, Position(Region("us-iowa"), Epoch("e"), Sequence(self.sequence))))

    async def read(self, query: Query, asked: ReadRequest, progress: Progress) -> View:
        if asked.caller.author in self.refuses:
            raise Unauthenticated
        self.reads += 1
        listing = self.registers.get(query.counted, {})
        found = {key: self.registers.get(key, {}) for key in (*query.keys, *query.some[:2])}
        if query.page is not None:
            offset, limit = query.page
            page = dict(sorted(listing.items(), key=lambda item: item[1])[offset : offset + limit])
            found = {query.follow + webhook_id: self.registers[query.follow + webhook_id] for webhook_id in page}
            found[query.counted] = page
        registers: dict[str, Mapping[str, str]] = {key: dict(fields) for key, fields in found.items()}
        await asyncio.sleep(0)
        self.meanwhile()
        progress.saw({})
        return View(vector={}, clock=NEVER, registers=registers, counted=len(listing))


@pytest.fixture(autouse=True)
def all_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every list counts as long, and is read in pieces."""
    monkeypatch.setattr(listing_module, "ONE_STEP_MAX", 0)


def request(
    organization_id: str = ORGANIZATION, seconds: float = LONG, credentials: Credentials | None = None
) -> ReadRequest:
    deadline = asyncio.get_running_loop().time() + seconds
    by = asked_by(credentials, organization_id=organization_id)
    return ReadRequest(caller=by.caller, timing=by.timing, held=by.held, asked={}, timeout_seconds=1, deadline=deadline)


class Lists:
    """Reads lists of webhooks. An error is the reason of a refusal."""

    def __init__(self, projection: Projection) -> None:
        self._listing = Listing(cast("Any", projection), Turns(Deadlines(Waiters())))

    async def webhooks(self, request: ReadRequest, page: Page) -> Listed[msgspec.Raw]:
        try:
            return (await self._listing.webhooks(request, page, Wanted(), rendered)).value
        except Refused as refused:
            raise refused.why from refused


def rendered(webhook: Webhook) -> bytes:
    return msgspec.json.encode(webhook.webhook_id)


def names(found: Listed[msgspec.Raw]) -> list[str]:
    return [json.loads(bytes(item)) for item in found.items]


async def test_each_webhook_that_exists_throughout_is_listed_once_whatever_else_changes() -> None:
    projection = Projection("a", "b", "c", "d")
    events: Iterator[WebhookCreated | WebhookDeleted] = iter(
        [
            WebhookCreated("e", "hook", "https://e.example"),
            WebhookCreated("f", "hook", "https://f.example"),
            WebhookDeleted("c"),
            WebhookDeleted("a"),
        ]
    )

    def meanwhile() -> None:
        if (event := next(events, None)) is not None:
            projection.apply(event)

    projection.meanwhile = meanwhile
    found = await Lists(projection).webhooks(request(), Page(0))
    assert names(found) == ["a", "b", "d", "e"]
    assert (found.total_count, found.limit) == (4, 4)


@pytest.mark.parametrize(("size", "is_taken"), [(4 * 3, True), (4 * 3 - 1, False)])
async def test_reading_a_list_ends_when_it_is_too_large(
    monkeypatch: pytest.MonkeyPatch, size: int, *, is_taken: bool
) -> None:
    monkeypatch.setattr(listing_module, "LIST_BYTES_MAX", size)
    listing = Lists(Projection("a", "b", "c", "d"))
    if is_taken:
        assert len((await listing.webhooks(request(), Page(0))).items) == 4
        return
    with pytest.raises(ListTooLarge):
        await listing.webhooks(request(), Page(0))
    assert len((await listing.webhooks(request("another"), Page(0))).items) == 0


async def test_an_organization_gets_one_whole_list_at_a_time_and_other_organizations_do_not_wait() -> None:
    listing = Lists(Projection("a"))
    first = request()
    await listing.webhooks(first, Page(0))
    with pytest.raises(NotYetTheirTurn):
        await listing.webhooks(request(seconds=SOON), Page(0))
    await listing.webhooks(request("another"), Page(0))
    second = asyncio.create_task(listing.webhooks(request(), Page(0)))
    await asyncio.sleep(0)
    assert not second.done()
    first.held.release()
    assert names(await second) == ["a"]


async def test_a_short_list_is_read_in_one_step_and_waits_for_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_module, "ONE_STEP_MAX", 2)
    projection = Projection("a", "b")
    listing = Lists(projection)
    for _ in range(2):
        found = await listing.webhooks(request(seconds=SOON), Page(0))
        assert (names(found), found.total_count) == (["a", "b"], 2)
    assert projection.reads == 2
    assert names(await listing.webhooks(request(seconds=SOON), Page(1))) == ["b"]
    projection.apply(WebhookCreated("c", "hook", "https://c.example.com"))
    long = request()
    assert names(await listing.webhooks(long, Page(0))) == ["a", "b", "c"]
    with pytest.raises(NotYetTheirTurn):
        await listing.webhooks(request(seconds=SOON), Page(0))


async def test_a_request_without_a_valid_key_takes_no_turn() -> None:
    projection = Projection("a")
    listing, first, bad = Lists(projection), request(), Credentials(key_id="k", digest="d")
    projection.refuses.append(bad.key_id)
    await listing.webhooks(first, Page(0))
    with pytest.raises(Unauthenticated):
        await listing.webhooks(request(seconds=SOON, credentials=bad), Page(0))


async def test_a_request_that_gave_up_does_not_keep_its_turn() -> None:
    turns, first, third = Turns(Deadlines(Waiters())), request(), request()
    await turns.take(first, first.deadline)
    second = asyncio.create_task(turns.take(request(), request().deadline))
    waiting = asyncio.create_task(turns.take(third, third.deadline))
    await asyncio.sleep(0)
    second.cancel()
    first.held.release()
    await waiting

"""The bound on an event's size holds for the largest webhook that bodies can make."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
import structlog
from structlog.testing import capture_logs

from core.codec import encode
from core.events import Envelope, IdempotencyKey, WebhookUpdated
from core.projection import seen_by_author
from core.stamps import Stamp
from service.http.event_size import check_each_server, event_bytes_max
from tests.unit.service.writes.proposals import ORGANIZATION

BODY_BYTES = 65_536


@pytest.mark.parametrize("character", ["x", '"', "\\", "é", "\x01", "\u2028"])
def test_no_event_is_larger_than_the_bound(character: str) -> None:
    text = character * (BODY_BYTES // (len(msgspec.json.encode(character)) - 2))
    headers = msgspec.json.encode({"X-Large": [text]}).decode()
    stamp = "s" * 64
    fields = {name: Stamp(stamp) + text for name in ("target_url", "description")} | {"custom_headers": stamp + headers}
    event = WebhookUpdated(webhook_id="w" * 36, name=text)
    envelope = Envelope(
        operation_id="o" * 64,
        organization_id=ORGANIZATION,
        clock="c" * 40,
        event=event,
        author="a" * 36,
        idempotency_key=IdempotencyKey(key="k" * 255, payload="p" * 64),
        seen=seen_by_author(event, cast("Any", fields)),
    )
    assert len(encode(envelope)) <= event_bytes_max(BODY_BYTES)


async def test_a_server_with_too_small_a_max_payload_is_logged_once_a_session() -> None:
    structlog.reset_defaults()
    sessions = [SimpleNamespace(bytes_max=bytes_max, wait_lost=asyncio.Event().wait) for bytes_max in (9_215, 9_216)]
    with capture_logs() as lines:
        for session in sessions:
            checking = asyncio.create_task(check_each_server(connected(session), body_bytes_max=1_024))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            checking.cancel()
            with suppress(asyncio.CancelledError):
                await checking
    assert [(line["event"], line["max_payload"]) for line in lines] == [("max_payload too small", 9_215)]


def connected(session: SimpleNamespace) -> Any:  # noqa: ANN401 - a stand-in
    async def current() -> SimpleNamespace:
        return session

    return SimpleNamespace(session=current)

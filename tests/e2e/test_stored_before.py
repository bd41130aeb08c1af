"""This version reads data of earlier versions, and recognizes their keyed writes."""

from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from core.events import ApiKeyIssued, ApiKeyUsed
from deploy.local import LocalRegion, LocalRegions
from tests.e2e.evidence import Evidence, check, hash_at, settled
from tests.http_client import http_client
from tests.keys import admin_headers, issue_key
from tests.stored.layout import FORMAT_1, FORMAT_2, ORGANIZATION, KeyedWrite, Stored, read
from tests.stored.loading import regions_with


def logs_in(evidence: Evidence) -> dict[str, list[tuple[str, str]]]:
    """Origin -> its events, as subject and data."""
    return {name: [(event.subject, event.data.decode()) for event in evidence.origin(name)] for name in evidence.logs}


def logs_of(stored: Stored) -> dict[str, list[tuple[str, str]]]:
    """The same, as they were stored."""
    return {name: [(message.subject, message.data) for message in log] for name, log in stored.logs.items()}


async def records_in(region: LocalRegion) -> dict[str, dict[str, str]]:
    """The records of keyed writes in a region's Redis."""
    async with Redis.from_url(region.redis_url, decode_responses=True) as redis:
        return {key: await hash_at(redis, key) async for key in redis.scan_iter("retries:*")}


async def repeat(
    client: httpx.AsyncClient, demo: LocalRegions, first: KeyedWrite, key: str, *, body: object
) -> httpx.Response:
    """Send a keyed write with `body`; the administrator's with today's admin key, any other one with an API `key`."""
    shown = {"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": key}
    return await client.request(
        first.method,
        first.path,
        json=body,
        headers={
            "Idempotency-Key": first.idempotency_key,
            "SlashID-Required-Consistency": "all_regions",
            **(admin_headers(demo.admin_key) if first.is_of_the_administrator else shown),
        },
    )


async def check_read(demo: LocalRegions, stored: Stored) -> None:
    """Check that every stored event is read, projections equal the logs, and regions have the same records."""
    evidence = await settled(demo)
    check(evidence)
    assert logs_in(evidence) == logs_of(stored)
    records = [await records_in(region) for region in demo.regions.values()]
    assert records[0]
    assert all(one == records[0] for one in records)


async def check_kept(demo: LocalRegions, stored: Stored) -> None:
    """Check that Redis has the stored registers and records, and no others."""
    for name, region in demo.regions.items():
        kept = stored.regions[name].redis
        assert await records_in(region) == {key: kept[key].fields for key in kept if key.startswith("retries:")}
    assert all(registers == stored.registers for registers in (await settled(demo)).registers.values())


async def check_known_again(demo: LocalRegions, region: LocalRegion, stored: Stored) -> None:
    """Check that each keyed write gets its first response again, and that its key is refused for another payload."""
    async with http_client(region.http_url, timeout=60) as client:
        key = await issue_key(client, demo.admin_key, ORGANIZATION, level="all_regions")
        for first in stored.keyed_writes:
            again = await repeat(client, demo, first, key, body=first.body)
            is_issue = first.is_of_the_administrator and first.method == "POST"
            assert again.status_code == (409 if is_issue else first.status), f"{first}: {again.text}"
            assert again.headers["SlashID-Operation-ID"] == first.operation_id
            if not is_issue and first.result is not None:
                assert again.json()["result"] == first.result
                assert again.headers.get("ETag") == first.etag
            if first.body is not None:
                other = await repeat(client, demo, first, key, body={**first.body, **_other(first)})
                assert other.status_code == 422, f"{first}: {other.text}"


async def check_no_second_event(demo: LocalRegions, stored: Stored) -> None:
    """Check that each log has the stored events, and only the API key of the repeats, and its use."""
    evidence = await settled(demo)
    check(evidence)
    for name, log in logs_in(evidence).items():
        before = logs_of(stored)[name]
        assert log[: len(before)] == before
        added = [logged.envelope.event for logged in evidence.events(name)[len(before) :]]
        (issued,) = [event for event in added if not isinstance(event, ApiKeyUsed)]
        assert isinstance(issued, ApiKeyIssued)


@pytest.mark.parametrize("path", [pytest.param(FORMAT_1, marks=pytest.mark.long), FORMAT_2], ids=lambda path: path.stem)
async def test_data_of_an_earlier_version_is_read_and_its_keyed_writes_make_no_second_event(path: Path) -> None:
    stored = read(path)
    async with regions_with(stored) as demo:
        await check_read(demo, stored)
        if path == FORMAT_2:
            await check_kept(demo, stored)
        for region in demo.regions.values():
            await check_known_again(demo, region, stored)
        await check_no_second_event(demo, stored)


def _other(first: KeyedWrite) -> dict[str, str]:
    """A change that makes another payload of a write."""
    return {"trigger_name": "PersonLoggedOut_v1"} if first.path.endswith("/triggers") else {"name": "another"}

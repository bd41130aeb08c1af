"""A request that waits for another region takes little memory."""

import asyncio

from bench.memory import resident_bytes
from core.consistency import Level
from deploy.local import LocalRegions, local_regions
from tests.contract.calls import ADMIN_KEY, organization, registered, triggers_of, until
from tests.http_client import http_client
from tests.integration.service.test_metrics import read
from tests.keys import issue_key

US, EU = "us-iowa", "europe-belgium"
REQUESTS = 400
WARM_UP_REQUESTS = 100
BYTES_MAX = 15_000
"""One takes 11 kB. A route that waited itself would add Litestar's objects and coroutines, and take 25 kB or more."""

BODY = b'{"trigger_type":"event","trigger_name":"PasswordChanged_v1"}'


async def test_a_waiting_request_keeps_neither_its_route_nor_what_only_its_route_needed() -> None:
    limits = {"CROSSHOOK_ORGANIZATION_REQUESTS_MAX": "1000", "CROSSHOOK_ADMIN_KEY": ADMIN_KEY}
    async with local_regions(regions=(US, EU), settings=limits) as regions:
        here = regions.region(US)
        name = organization()
        async with http_client(here.http_url, timeout=30) as client:
            key = await issue_key(client, ADMIN_KEY, name, level="all_regions")
            client.headers.update({"SlashID-OrgID": name, "SlashID-API-Key": key})
            head = (
                f"POST {triggers_of(await registered(client))} HTTP/1.1\r\nHost: here\r\n"
                f"SlashID-OrgID: {name}\r\nSlashID-API-Key: {key}\r\n"
                f"SlashID-Required-Consistency: {Level.ALL_REGIONS}\r\n"
                f"SlashID-Required-Consistency-Timeout: 60\r\nContent-Length: {len(BODY)}\r\n\r\n"
            )
            request = head.encode() + BODY
            await kept_bytes(regions, request, WARM_UP_REQUESTS)
            assert await kept_bytes(regions, request, REQUESTS) <= REQUESTS * BYTES_MAX


async def kept_bytes(regions: LocalRegions, request: bytes, count: int) -> int:
    """How much the service grows while `count` requests wait for a region that is cut off. Then they are answered."""
    here = regions.region(US)
    before = resident_bytes(here.services[0].pid)
    await regions.cut(EU)
    streams = [await sent(here.http_url, request) for _ in range(count)]

    async def all_wait() -> bool:
        return (await read(here.http_url)).of("requests_waiting", level=Level.ALL_REGIONS) == count

    await until(all_wait, seconds=30)
    kept = resident_bytes(here.services[0].pid) - before
    await regions.heal(EU)
    for reader, writer in streams:
        assert (await reader.readline()).startswith(b"HTTP/1.1 201 ")
        writer.close()
    return kept


async def sent(url: str, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    return reader, writer

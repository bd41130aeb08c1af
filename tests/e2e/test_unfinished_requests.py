"""Many connections with unfinished requests neither fill a service's memory nor stop other callers."""

import asyncio
import os
import resource
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bench.memory import MEBIBYTE, resident_bytes
from core.api_keys import api_key_text
from deploy.local import LocalRegion, local_regions
from tests.e2e.callers import ORGANIZATION, Caller, calling_all, under_load, until

BODY_BYTES, SENT_BYTES = 65_536, 60_000
ELSEWHERE = "127.0.0.2"
"""The address of the connections: other callers have another one."""

OF_CONNECTION_BYTES = 16_384
"""More than the objects of a connection and of its request take."""

SHARE_BYTES = 16 * MEBIBYTE
"""The bytes of unfinished requests that one address may have."""

LEFT_BYTES = 16 * MEBIBYTE
"""Python keeps arenas in which small objects are left, and what a first load of any kind needs."""


def without_a_key() -> bytes:
    return b""


def with_an_unknown_key() -> bytes:
    return b"SlashID-API-Key: " + api_key_text(str(uuid.uuid4()), os.urandom(32)).encode() + b"\r\n"


@asynccontextmanager
async def unfinished(region: LocalRegion, header: bytes, answered: Counter[int]) -> AsyncIterator[None]:
    """A connection that has sent most of a request's body. Its response is counted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", region.services[0].port, local_addr=(ELSEWHERE, 0))
    head = b"POST /organizations/webhooks HTTP/1.1\r\nHost: here\r\nSlashID-OrgID: %b\r\n" % ORGANIZATION.encode()
    writer.write(head + header + b"Content-Length: %d\r\n\r\n" % BODY_BYTES + b"." * SENT_BYTES)

    async def count() -> None:
        line = await reader.readline()
        answered[int(line.split()[1])] += 1

    counting = asyncio.create_task(count())
    try:
        yield
    finally:
        counting.cancel()
        writer.close()
        await asyncio.gather(counting, return_exceptions=True)


@pytest.mark.parametrize(
    ("header", "statuses", "held_bytes"),
    [
        pytest.param(without_a_key, {401}, 0, id="no key"),
        pytest.param(with_an_unknown_key, {408, 429}, SHARE_BYTES, id="unknown keys", marks=pytest.mark.long),
    ],
)
async def test_unfinished_requests_keep_memory_bounded_and_others_are_served(
    header: Callable[[], bytes], statuses: set[int], held_bytes: int, *, whole: bool
) -> None:
    connections = 2_000 if whole else 500
    _allow_files(connections + 1_000)
    async with local_regions(regions=1) as demo, calling_all(demo) as callers:
        (region,), (caller,) = demo.regions.values(), callers.values()
        pid, answered = region.services[0].pid, Counter[int]()
        await _warm_up(caller)
        before = most = resident_bytes(pid)
        async with under_load([caller], each=2) as load, AsyncExitStack() as stack:
            for _ in range(connections):
                await stack.enter_async_context(unfinished(region, header(), answered))
                most = max(most, resident_bytes(pid))
            served = len(load.told)
            await until(lambda: answered.total() == connections and len(load.told) > served + 20, within_seconds=60)
            most = max(most, resident_bytes(pid))
        assert most < before + connections * OF_CONNECTION_BYTES + held_bytes
        assert set(answered) <= statuses
        assert {told.status for told in load.told} == {201}
        await until(lambda: resident_bytes(pid) < before + LEFT_BYTES, within_seconds=60)


async def _warm_up(caller: Caller) -> None:
    for _ in range(50):
        assert (await caller.register()).status == 201


def _allow_files(files: int) -> None:
    """Each connection is a file of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))

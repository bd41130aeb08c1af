"""One running region, and a client that calls it."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from deploy.local import LocalRegion, local_regions
from tests.contract.calls import ADMIN_KEY, newcomer
from tests.http_client import http_client
from tests.servers_here import accepted_here


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def region() -> AsyncIterator[LocalRegion]:
    """A single region: both levels are the same here."""
    async with local_regions(
        regions=1,
        settings={
            "CROSSHOOK_APPEND_SECONDS": "0.6",  # Shorter than all deadlines, and longer than a sync of a busy disk.
            "CROSSHOOK_ADMIN_KEY": ADMIN_KEY,
            "CROSSHOOK_PATCHED_SERVERS": accepted_here(),
        },
    ) as demo:
        yield demo.region("us-iowa")


@pytest.fixture
async def client(region: LocalRegion) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a new organization."""
    headers = await newcomer(region)
    async with http_client(region.http_url, headers=headers, timeout=20) as client:
        yield client

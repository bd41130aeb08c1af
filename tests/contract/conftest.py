"""One running region, and a client that calls it."""

import ssl
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from deploy.local import LocalRegion, local_regions
from tests.contract.calls import ADMIN_KEY, newcomer

TLS = ssl.create_default_context()
"""No connection uses it; a client that makes its own takes longer than most tests."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def region() -> AsyncIterator[LocalRegion]:
    """A region of its own: local and all are the same here."""
    async with local_regions(
        regions=1, settings={"CROSSHOOK_APPEND_SECONDS": "0.3", "CROSSHOOK_ADMIN_KEY": ADMIN_KEY}
    ) as demo:
        yield demo.region("us-iowa")


@pytest.fixture
async def client(region: LocalRegion) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a new organization."""
    headers = await newcomer(region)
    async with httpx.AsyncClient(base_url=region.http_url, headers=headers, timeout=20, verify=TLS) as client:
        yield client

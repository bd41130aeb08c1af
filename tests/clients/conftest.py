"""A region for generated clients, and the document that they are generated from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local import LocalRegion, local_regions
from tests.contract.calls import ADMIN_KEY, newcomer
from tests.http_client import http_client


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def region() -> AsyncIterator[LocalRegion]:
    async with local_regions(regions=1, settings={"CROSSHOOK_ADMIN_KEY": ADMIN_KEY}) as demo:
        yield demo.region("us-iowa")


@pytest.fixture
async def environment(region: LocalRegion) -> dict[str, str]:
    """The address that a client calls, and its organization and API key."""
    caller = await newcomer(region)
    return {"URL": region.http_url, "ORG": caller["SlashID-OrgID"], "KEY": caller["SlashID-API-Key"]}


@pytest.fixture
async def document(region: LocalRegion, tmp_path: Path) -> Path:
    """The document as the region serves it."""
    async with http_client(region.http_url) as client:
        answer = await client.get("/schema/openapi.json")
    path = tmp_path / "openapi.json"
    path.write_bytes(answer.content)
    return path

"""The projection's scripts keep all their promises on every version of Redis."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local import LocalRegion, local_regions
from tests.containers.versions import MATRIX, Versions, servers_of
from tests.integration.adapters.conftest import projection, raw  # noqa: F401 - fixtures of those tests
from tests.integration.adapters.test_projection import *  # noqa: F403 - all of those tests

pytestmark = pytest.mark.containers


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=MATRIX, ids=lambda versions: versions.redis)
async def region(request: pytest.FixtureRequest) -> AsyncIterator[LocalRegion]:
    """As the fixture of those tests, with other servers."""
    versions: Versions = request.param
    with servers_of(versions):
        async with local_regions(regions=1, services=0, replicators=0) as demo:
            yield demo.region("us-iowa")

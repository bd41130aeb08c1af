"""The projection's scripts keep all their promises on every version of Redis."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local import LocalRegion, local_regions
from tests.containers.versions import MATRIX, Versions, servers_of
from tests.integration.adapters.conftest import projection, raw  # noqa: F401 - fixtures of those tests
from tests.integration.adapters.test_projection import *  # noqa: F403 - all of those tests
from tests.integration.adapters.test_watermark_channel import (  # noqa: F401 - those that need no second Redis
    test_a_message_that_is_no_watermark_is_ignored,
    test_a_run_that_changes_nothing_is_not_published,
    test_a_service_that_may_not_subscribe_reports_what_to_grant_and_needs_no_restart,
    test_events_are_applied_even_if_their_watermark_may_not_be_published,
    test_every_subscriber_receives_each_applied_watermark,
    test_what_was_applied_can_be_read_once_its_watermark_is_received,
)

pytestmark = pytest.mark.containers


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=MATRIX, ids=lambda versions: versions.redis)
async def region(request: pytest.FixtureRequest) -> AsyncIterator[LocalRegion]:
    """As the fixture of those tests, with other servers."""
    versions: Versions = request.param
    with servers_of(versions):
        async with local_regions(regions=1, services=0, replicators=0) as demo:
            yield demo.region("us-iowa")

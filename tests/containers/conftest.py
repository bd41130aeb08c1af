"""Containers for all of these tests: the regions of docker-compose.yml start once."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local.network.ports import Ports
from tests.containers.composed import Composed
from tests.containers.leftovers import a_run, remove_what_the_dead_left
from tests.containers.ways_in import WaysIn, ways_in
from tests.keys import Keys


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def run_name() -> AsyncIterator[str]:
    """The name of everything of this run."""
    await remove_what_the_dead_left()
    with a_run() as name:
        yield name


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def built(run_name: str) -> AsyncIterator[Composed]:
    """The image, with no container running. At the end the image and all containers are removed."""
    ports = Ports()
    composed = Composed(run_name, ports)
    try:
        await composed.build()
        yield composed
    finally:
        await composed.down()
        await composed.remove_image()
        ports.close()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def composed(built: Composed) -> Composed:
    """Regions that are ready."""
    assert await built.there_is("container", "--all") == []
    await built.up()
    return built


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def keys(composed: Composed) -> Keys:
    """API keys that every region knows."""
    return await composed.keys()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inside(composed: Composed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WaysIn]:
    """Ways to the regions' servers."""
    async with ways_in(composed, tmp_path_factory.mktemp("shown")) as ways:
        yield ways


@pytest.fixture
async def mended(composed: Composed) -> AsyncIterator[None]:
    """After each test everything runs again and no link is cut."""
    yield
    await composed.mend()

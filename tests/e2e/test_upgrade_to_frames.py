"""Processes of the build before frames are replaced one by one, under load: no frame meets a process of that build."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from core.subjects import FRAMES
from deploy.local import LocalRegion, LocalRegions, local_regions
from deploy.local.processes.http_process import HttpProcess
from replicator.log_readers import NEW_SECONDS
from tests.e2e.callers import Caller, calling, fate, keys_of, until
from tests.e2e.earlier_build import BEFORE_FRAMES, earlier_build, settings_of
from tests.e2e.evidence import check, check_told, last_sequence, settled
from tests.e2e.frames import first_frame, frame_sizes, readers
from tests.e2e.keyed_writes import KeyedLoad, KeyedWrite, check_written, under_keyed_load

HERE, FAR = "us-iowa", "europe-belgium"
SETTLED_SECONDS_MAX = 60.0
"""The most time until frames are written: NATS forgets the last old reader in 5 s, replicators wait for 15 s."""

READ_SECONDS = 24.0
"""Longer than NATS keeps a reader that has ended, and replicators then wait."""

WRITES = 30
"""How many writes must be accepted in each state of the upgrade."""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def before_frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return earlier_build(BEFORE_FRAMES, tmp_path_factory.mktemp("before-frames"))


@asynccontextmanager
async def regions_of(build: Path, *, regions: int, processes: int) -> AsyncIterator[tuple[LocalRegions, list[Caller]]]:
    """Regions of an earlier build, with as many services and replicators each, and the callers of the first region."""
    async with (
        local_regions(
            regions=regions, services=processes, replicators=processes, round_trips=0, settings=settings_of(build)
        ) as demo,
    ):
        keys = await keys_of(demo)
        await asyncio.sleep(NEW_SECONDS)  # A log that was just made would have no older readers to wait for.
        first, second = (demo.region(HERE).services * 2)[:2]
        async with calling(first.url, keys) as one, calling(second.url, keys) as other:
            yield demo, [one, other]


class Upgrade:
    """The replacement of a region's processes, and what must hold in each of its states."""

    def __init__(self, region: LocalRegion, load: KeyedLoad) -> None:
        self._region = region
        self._load = load

    async def more_are_written(self) -> None:
        """Return once more writes are accepted."""
        enough = len(self._load.accepted) + WRITES
        await until(lambda: len(self._load.accepted) >= enough, within_seconds=60)

    async def no_frame_is_written(self) -> None:
        """Check that the log takes writes, and has no frame."""
        await self.more_are_written()
        assert await first_frame(self._region, self._region.name) == 0

    async def replace(self, *processes: HttpProcess) -> int:
        """Replace them one by one. No frame is in the log before the last has ended. Returns the log's end then."""
        end = 0
        for process in processes:
            await self.no_frame_is_written()
            await process.stop()
            end = await last_sequence(self._region.nats_url, self._region.name)
            assert await first_frame(self._region, self._region.name) == 0
            process.settings.pop("PYTHONPATH")
            await process.start()
            await process.wait_ready()
        return end

    async def frames_come(self, *, after: int) -> None:
        """Wait for the first frame, which must be after the log's end when the last old process had ended."""
        assert await comes(partial(first_frame, self._region, self._region.name)) > after
        await self.more_are_written()


async def comes(found: Callable[[], Awaitable[int]], *, within_seconds: float = SETTLED_SECONDS_MAX) -> int:
    async with asyncio.timeout(within_seconds):
        while not (one := await found()):
            await asyncio.sleep(0.1)
    return one


async def only_frames_are_read(region: LocalRegion) -> bool:
    found = await readers(region, region.name)
    return bool(found) and all(FRAMES in metadata.get("crosshook.reads", "").split() for metadata in found)


async def check_upgraded(
    demo: LocalRegions, callers: Sequence[Caller], load: KeyedLoad, early: list[KeyedWrite]
) -> None:
    """Check the logs, and that writes from before the upgrade are known by their operations and keys."""
    await demo.wait_ready()
    at_once = await asyncio.gather(*(callers[0].register() for _ in range(WRITES)))
    evidence = await settled(demo)
    check(evidence)
    assert check_told(evidence, at_once) == {201: WRITES}
    assert max(frame_sizes(evidence.origin(HERE))) > 1, "no frame has several events"
    check_written(evidence, load.writes)
    for process in demo.processes:
        if isinstance(process, HttpProcess):
            assert '"halted"' not in process.log.read_text(), process.name
    for write in early:
        for caller in callers:
            found = await fate(caller, write.operation, write.organization)
            assert found["state"] == "applied"
            assert await write.attempt(caller, level="all_regions") == 201
    again = await settled(demo)
    assert again.target_urls() == evidence.target_urls(), "a repeated write had a second effect"
    print(f"told {dict(load.told)}; frames {sorted(frame_sizes(evidence.origin(HERE)).items())}")


Order = Callable[[LocalRegion], list[HttpProcess]]


def services_first(region: LocalRegion) -> list[HttpProcess]:
    return [*region.services, *region.replicators]


def replicators_first(region: LocalRegion) -> list[HttpProcess]:
    return [*region.replicators, *region.services]


def in_turn(region: LocalRegion) -> list[HttpProcess]:
    return [one for pair in zip(region.services, region.replicators, strict=True) for one in pair]


@pytest.mark.parametrize("order", [services_first, replicators_first, in_turn])
async def test_processes_upgraded_one_by_one_under_load_write_frames_once_the_last_old_one_has_ended(
    before_frames: Path, order: Order
) -> None:
    async with regions_of(before_frames, regions=1, processes=2) as (demo, callers):
        region = demo.region(HERE)
        async with under_keyed_load(callers) as load:
            upgrade = Upgrade(region, load)
            await upgrade.more_are_written()
            early = load.accepted
            await upgrade.frames_come(after=await upgrade.replace(*order(region)))
        await check_upgraded(demo, callers, load, early)


async def test_an_old_service_may_restart_while_a_new_replicator_starts_that_has_not_seen_it(
    before_frames: Path,
) -> None:
    async with regions_of(before_frames, regions=1, processes=2) as (demo, callers):
        region = demo.region(HERE)
        old = region.services[1]
        async with under_keyed_load(callers) as load:
            upgrade = Upgrade(region, load)
            await upgrade.more_are_written()
            early = load.accepted
            await upgrade.replace(region.services[0], region.replicators[0])
            await old.kill()
            await upgrade.replace(region.replicators[1])
            await until_async(partial(only_frames_are_read, region))
            await upgrade.no_frame_is_written()
            await old.start()
            await old.wait_ready()
            await upgrade.frames_come(after=await upgrade.replace(old))
        await check_upgraded(demo, callers, load, early)


async def nats_is_away(region: LocalRegion, old: HttpProcess) -> None:
    """NATS forgets all readers when it is started again. The old service is paused until the others read again."""
    old.pause()
    await region.nats.kill()
    await asyncio.sleep(READ_SECONDS)
    await region.nats.start()
    await region.nats.wait_ready()
    await until_async(partial(only_frames_are_read, region))


async def redis_is_away(region: LocalRegion, old: HttpProcess) -> None:
    """A service that starts does not read the log before the projection is current. The others read it all the time."""
    await old.kill()
    await region.redis.kill()
    await old.start()
    await asyncio.sleep(READ_SECONDS)
    await region.redis.start()
    await region.redis.wait_ready()


@pytest.mark.parametrize("outage", [nats_is_away, redis_is_away])
async def test_an_old_service_outlives_an_outage_after_which_it_reads_the_log_last(
    before_frames: Path, outage: Callable[[LocalRegion, HttpProcess], Awaitable[None]]
) -> None:
    """The outage is longer than replicators wait for older readers."""
    async with regions_of(before_frames, regions=1, processes=1) as (demo, callers):
        region = demo.region(HERE)
        old = await region.add_service()
        await old.wait_ready()
        async with under_keyed_load(callers) as load:
            upgrade = Upgrade(region, load)
            await upgrade.more_are_written()
            early = load.accepted
            await upgrade.replace(*region.replicators, region.services[0])
            await outage(region, old)
            await upgrade.no_frame_is_written()
            old.resume()
            await old.wait_ready()
            await upgrade.frames_come(after=await upgrade.replace(old))
        await check_upgraded(demo, callers, load, early)


async def test_no_region_writes_frames_until_every_region_reads_them(before_frames: Path) -> None:
    async with regions_of(before_frames, regions=2, processes=1) as (demo, callers):
        here, far = demo.region(HERE), demo.region(FAR)
        async with under_keyed_load(callers) as load:
            upgrade = Upgrade(here, load)
            await upgrade.more_are_written()
            early = load.accepted
            # The other region's replicator reads this region's log as well. Its service reads only its own region's.
            await upgrade.replace(*here.services, *here.replicators, *far.replicators)
            await until_async(partial(only_frames_are_read, here))
            await asyncio.sleep(READ_SECONDS)
            await upgrade.frames_come(after=await upgrade.replace(*far.services))
        await check_upgraded(demo, callers, load, early)


async def until_async(holds: Callable[[], Awaitable[bool]], *, within_seconds: float = 30) -> None:
    async with asyncio.timeout(within_seconds):
        while not await holds():
            await asyncio.sleep(0.1)

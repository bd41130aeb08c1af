"""All regions of one machine, and the links between them: started, cut, healed, stopped."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from deploy.local.errors import LocalError, UnknownRegion
from deploy.local.network.mesh import Mesh
from deploy.local.processes.children import READY_SECONDS_MAX
from deploy.local.processes.http_process import HttpProcess
from deploy.local.processes.server_process import ServerProcess
from deploy.local.processes.servers import Servers
from deploy.local.region import LocalRegion

Report = Callable[[str, str], None]
"""Called with the name of a process and what it waits for. An empty text means that the process is ready."""


class LocalRegions:
    """Regions that run on this machine, and the links between them."""

    def __init__(
        self, regions: Sequence[LocalRegion], *, mesh: Mesh, data: Path, admin_key: str, servers: Servers
    ) -> None:
        self.regions = {region.name: region for region in regions}
        self.mesh = mesh
        self.data = data
        self.admin_key = admin_key
        """The admin key of every region's services."""
        self.servers = servers
        """The programs that every region runs."""

    def region(self, name: str) -> LocalRegion:
        """The region of that name. Raises `UnknownRegion`."""
        if name not in self.regions:
            raise UnknownRegion(region=name, known=self.regions)
        return self.regions[name]

    @property
    def processes(self) -> Iterator[ServerProcess | HttpProcess]:
        """Every process of every region, running or not."""
        for region in self.regions.values():
            yield from region.processes

    async def cut(self, region: str) -> None:
        """Cut a region off from all others. Nothing passes, and nothing is lost. Raises `UnknownRegion`."""
        self.mesh.cut(region)

    async def heal(self, region: str) -> None:
        """Undo a cut: held bytes flow again. Raises `UnknownRegion`."""
        self.mesh.heal(region)

    async def delay(self, a: str, b: str, milliseconds: float) -> None:
        """Set the round trip between `a` and `b`. Raises `UnknownRegion`, `InvalidRequest`."""
        self.mesh.delay(a, b, milliseconds=milliseconds)

    async def start(self, *, within_seconds: float = READY_SECONDS_MAX, report: Report | None = None) -> None:
        """Open the links, start every process, and return once all of them are ready.

        Raises `ProcessDied` or `NotReadyInTime` for the first process that fails.
        """
        await self.mesh.open()
        for process in self.processes:
            await process.start()
        await self.wait_ready(within_seconds=within_seconds, report=report)

    async def wait_ready(self, *, within_seconds: float = READY_SECONDS_MAX, report: Report | None = None) -> None:
        """Return once every process is ready. Raises `ProcessDied` or `NotReadyInTime` for the first that fails."""
        if report is not None:
            for process in self.processes:
                report(process.name, "it has just started")
        try:
            async with asyncio.TaskGroup() as group:
                for process in self.processes:
                    group.create_task(_ready(process, within_seconds=within_seconds, report=report))
        except* LocalError as errors:
            first = errors.exceptions[0]
        else:
            return
        raise first

    async def stop(self) -> None:
        """Stop every process, those that need others first, and close the links. All of it has time limits."""
        regions = self.regions.values()
        await _stop(service for region in regions for service in region.services)
        await _stop(replicator for region in regions for replicator in region.replicators)
        await self.mesh.close()
        await _stop(server for region in regions for server in (*region.nats_servers, region.redis))

    def kill_now(self) -> None:
        """End every process at once."""
        for process in self.processes:
            process.kill_now()


async def _ready(process: ServerProcess | HttpProcess, *, within_seconds: float, report: Report | None) -> None:
    if report is None:
        await process.wait_ready(within_seconds=within_seconds)
        return
    tell = report
    await process.wait_ready(within_seconds=within_seconds, report=lambda reason: tell(process.name, reason))
    tell(process.name, "")


async def _stop(processes: Iterable[ServerProcess | HttpProcess]) -> None:
    await asyncio.gather(*(process.stop() for process in processes))

"""All regions of one machine, and the links between them: started, cut, healed, stopped."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from deploy.local.errors import LocalError, SecretsNotTaken, UnknownRegion
from deploy.local.network.mesh import Mesh
from deploy.local.processes.children import READY_SECONDS_MAX
from deploy.local.processes.http_process import HttpProcess
from deploy.local.processes.probes import Ready, secrets_probe
from deploy.local.processes.server_process import ServerProcess
from deploy.local.processes.servers import Servers
from deploy.local.region import LocalRegion
from deploy.valid_logins import ValidLogins

SECRETS_SECONDS_MAX = 20.0
"""How long a process may take to use changed logins. It looks every second."""

_POLL_SECONDS = 0.1

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

    async def take(self, logins: ValidLogins) -> None:
        """Have every server accept these logins, and return once every process uses its own of them.

        Raises `LocalError`. Then some servers and processes may have taken them. A repeat takes the rest.
        """
        for region in self.regions.values():
            await region.take(logins)
        try:
            async with asyncio.TaskGroup() as group:
                for region in self.regions.values():
                    for process in (*region.replicators, *region.services):
                        written = region.credentials_written_seconds(process)
                        group.create_task(_uses_secrets(process, written_seconds=written))
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


async def _uses_secrets(process: HttpProcess, *, written_seconds: float) -> None:
    """A process that is started again meanwhile reads them at its start."""
    probe = secrets_probe(process.port, written_seconds=written_seconds)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SECRETS_SECONDS_MAX
    while not isinstance(readiness := await probe(), Ready):
        if loop.time() >= deadline:
            raise SecretsNotTaken(f"{process.name}: {readiness.reason} ({process.log})")
        await asyncio.sleep(_POLL_SECONDS)


async def _stop(processes: Iterable[ServerProcess | HttpProcess]) -> None:
    await asyncio.gather(*(process.stop() for process in processes))

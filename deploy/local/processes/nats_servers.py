"""The NATS servers of a region on this machine: one, or several that keep the region's logs together."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from core.positions import Region
from deploy.local.network.ports import LOCALHOST
from deploy.local.private import make_private
from deploy.local.processes.configuration import nats_url
from deploy.local.processes.probes import nats_probe
from deploy.local.processes.server_process import ServerProcess
from deploy.local.processes.servers import Program
from deploy.logins import write_private
from deploy.nats.accounts import ROUTES, accounts
from deploy.nats.configuration import Cluster, nats_configuration


def nats_servers(
    here: Region,
    *,
    ports: Sequence[int],
    route_ports: Sequence[int],
    regions: Sequence[Region],
    directory: Path,
    logs: Path,
    program: Program,
    passwords: Mapping[str, str],
    environment: Mapping[str, str],
) -> Iterator[ServerProcess]:
    """A server of the region `here` for each of `ports`, not started, with its files in `directory`.

    Several listen to one another on `route_ports`. `regions` are all regions.
    """
    routes = [f"{LOCALHOST}:{port}" for port in route_ports]
    are_many = len(ports) > 1
    told = accounts(here, regions, passwords)
    for index, port in enumerate(ports):
        name = f"nats-{index + 1}" if are_many else "nats"
        files = make_private(directory / name)
        text = nats_configuration(
            program.version,
            server_name=f"{here}-{index + 1}" if are_many else here,
            listen=f"{LOCALHOST}:{port}",
            store=str(files),
            accounts=told,
            cluster=Cluster(here, routes[index], routes, passwords[ROUTES]) if are_many else None,
        )
        configuration = write_private(directory / f"{name}.conf", text)
        yield ServerProcess(
            name=f"{here}/{name}",
            url=nats_url(port),
            command=(str(program.path), "--config", str(configuration)),
            files=files,
            log=logs / f"{name}.log",
            probe=nats_probe(port),
            environment=environment,
        )

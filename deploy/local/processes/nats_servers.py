"""The NATS servers of a region on this machine: one, or several that keep the region's logs together."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from core.positions import Region
from deploy.local.network.ports import LOCALHOST
from deploy.local.private import make_private
from deploy.local.processes.configuration import nats_url
from deploy.local.processes.probes import nats_probe
from deploy.local.processes.server_process import ServerProcess
from deploy.local.processes.servers import Program
from deploy.nats.accounts import ROUTES, accounts
from deploy.nats.configuration import Cluster, Version, nats_configuration


class NatsLayout(msgspec.Struct, frozen=True):
    """What the configurations of a region's NATS servers depend on, besides passwords.

    There is a server for each of `ports`. Several listen to one another on `route_ports`. `regions` are all regions.
    """

    here: Region
    ports: Sequence[int]
    route_ports: Sequence[int]
    regions: Sequence[Region]
    directory: Path
    version: Version

    @property
    def names(self) -> list[str]:
        """The name of each server, and of its files."""
        return [f"nats-{index + 1}" if len(self.ports) > 1 else "nats" for index, _ in enumerate(self.ports)]

    def configuration(self, name: str) -> Path:
        """The configuration file of a server."""
        return self.directory / f"{name}.conf"

    def texts(self, passwords: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
        """The configuration file of each server, and what it must have."""
        routes = [f"{LOCALHOST}:{port}" for port in self.route_ports]
        are_many = len(self.ports) > 1
        told = accounts(self.here, self.regions, passwords)
        for index, (name, port) in enumerate(zip(self.names, self.ports, strict=True)):
            yield (
                self.configuration(name),
                nats_configuration(
                    self.version,
                    server_name=f"{self.here}-{index + 1}" if are_many else self.here,
                    listen=f"{LOCALHOST}:{port}",
                    store=str(self.directory / name),
                    accounts=told,
                    cluster=Cluster(self.here, routes[index], routes, passwords[ROUTES]) if are_many else None,
                ),
            )


def nats_servers(
    layout: NatsLayout, *, logs: Path, program: Program, environment: Mapping[str, str]
) -> Iterator[ServerProcess]:
    """A server for each port, not started. Their configurations are written apart.

    Each server uses its share of the processors, unless `environment` has another `GOMAXPROCS`: threads that many
    servers wake up on the same processors cost them a quarter of their time.
    """
    share = processors_of(len(layout.regions) * len(layout.ports), processors=os.cpu_count() or 1)
    for name, port in zip(layout.names, layout.ports, strict=True):
        files = make_private(layout.directory / name)
        yield ServerProcess(
            name=f"{layout.here}/{name}",
            url=nats_url(port),
            command=(str(program.path), "--config", str(layout.configuration(name))),
            files=files,
            log=logs / f"{name}.log",
            probe=nats_probe(port),
            environment={"GOMAXPROCS": str(share), **environment},
        )


def processors_of(servers: int, *, processors: int) -> int:
    """How many processors each of so many servers on one machine uses: at least one."""
    return max(1, processors // servers)

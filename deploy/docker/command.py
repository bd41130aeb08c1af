"""The command that fills the volumes of Docker Compose.

The init container runs it as root before any other container starts, because each file is for one user only.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from core.positions import Region
from deploy.certificates import Identity, Use
from deploy.docker.layout import NATS_SERVERS, USERS, Users, nats_service, services_of
from deploy.docker.monitoring import monitoring_volumes
from deploy.docker.volumes import CERTIFICATE, KEY, certificate_names, data_volumes, file_volumes
from deploy.files import give, text_in, write_volume
from deploy.vault import nats_servers_in, open_vault


def fill(
    directory: Path,
    regions: Sequence[Region],
    *,
    now: datetime,
    nats_servers: int = 1,
    users: Users = USERS,
) -> Mapping[str, Sequence[str]]:
    """Fill the volumes: directories of their names in `directory`. Returns each volume's changed files.

    A valid certificate stays. Files without secrets are written anew each time, so that they have the configuration of
    this version. The number of NATS servers of a region stays too. If more are asked for, their volumes are left empty.
    If fewer are asked for, the files of the missing servers are ignored.
    """
    servers = nats_servers_in(directory / "vault") or nats_servers
    names = certificate_names(regions, nats_servers=servers)
    vault = open_vault(directory / "vault", regions, now=now, nats_servers=servers, certificates=names)
    not_mounted = {
        nats_service(region, server=server) for region in regions for server in range(nats_servers + 1, servers + 1)
    }

    def identify(region: Region, role: str, volume: str, use: Use, *, hosts: Sequence[str] = ()) -> Identity:
        kept = Identity(certificate=text_in(directory / volume / CERTIFICATE), key=text_in(directory / volume / KEY))
        return vault.identity(kept, volume, region, role, use=use, now=now, hosts=hosts)

    for name, data in data_volumes(regions, nats_servers=servers, users=users).items():
        if name.removesuffix("-data") not in not_mounted:
            give(directory / name, data)
    volumes = {
        **file_volumes(regions, vault, identify, nats_servers=servers, users=users),
        **monitoring_volumes(users),
    }
    return {name: write_volume(directory / name, volume) for name, volume in volumes.items() if name not in not_mounted}


directory_option = click.option(
    "--directory",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default="/volumes",
    show_default=True,
    help="Where the volumes are mounted, each under its name.",
)

nats_servers_option = click.option(
    "--nats-servers",
    type=click.Choice([str(count) for count in NATS_SERVERS]),
    callback=lambda _context, _parameter, value: int(value),
    default=str(NATS_SERVERS[0]),
    show_default=True,
    envvar="NATS_SERVERS",
    show_envvar=True,
    help="How many NATS servers each region has. `deploy/nats/three.yml` sets 3.",
)


@click.command()
@click.argument("regions", nargs=-1, required=True)
@directory_option
@nats_servers_option
def main(regions: Sequence[str], directory: Path, nats_servers: int) -> None:
    """Give the volumes of REGIONS their files: secrets, certificates, configuration.

    The first start makes the secrets. A later start changes what a newer version
    configures differently, and certificates that expire soon. It prints which
    containers must be restarted. If the number of NATS servers differs from that
    of the first start, it keeps the first number, and prints that.
    """
    known = [Region(region) for region in regions]
    made_for = nats_servers_in(directory / "vault")
    changed = fill(directory, known, now=datetime.now(UTC), nats_servers=nats_servers)
    for name, files in changed.items():
        if files:
            click.echo(f"{name}: {', '.join(files)}")
    if not any(changed.values()):
        click.echo("nothing has changed")
    elif made_for is not None:
        click.echo("Running containers have not read these files. Restart them, one region after the other:")
        for line in _restarts(known, [name for name, files in changed.items() if files]):
            click.echo(line)
    if made_for not in {None, nats_servers}:
        click.echo(_other_nats_servers(made_for=made_for, asked_for=nats_servers))


def _restarts(regions: Sequence[Region], changed: Collection[str]) -> Iterator[str]:
    """For each region the command that restarts the containers that mount one of these volumes; then Prometheus.

    Grafana reads its dashboards again automatically.
    """
    for region in regions:
        services = [
            service for volume, mounted_by in services_of(region).items() if volume in changed for service in mounted_by
        ]
        if services:
            yield f"docker compose restart {' '.join(services)}"
    if "prometheus" in changed:
        yield "docker compose restart prometheus"


def _other_nats_servers(*, made_for: int, asked_for: int) -> str:
    return (
        f"These volumes are of regions with {_servers(made_for)} each. They keep that number, although "
        f"{_servers(asked_for)} are asked for: logs are not moved.\n"
        f"To keep the data: {_compose_file(made_for)}\n"
        "To start again without any data: `docker compose down -v` with that, and then `up -d` with "
        f"{_compose_file(asked_for)}"
    )


def _servers(count: int) -> str:
    return "one NATS server" if count == 1 else f"{count} NATS servers"


def _compose_file(nats_servers: int) -> str:
    """The variable with which Docker Compose runs regions with so many NATS servers."""
    return "COMPOSE_FILE=docker-compose.yml" + ("" if nats_servers == 1 else ":deploy/nats/three.yml")

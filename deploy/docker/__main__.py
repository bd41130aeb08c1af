"""`python -m deploy.docker REGION...`: give every container's volumes what belongs into them, and change nothing else.

The init container runs it before any other starts, as root, since each file is for one user only.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from core.positions import Region
from deploy.certificates import Identity, Use
from deploy.docker.layout import USERS, Users
from deploy.docker.options import nats_servers_option
from deploy.docker.volumes import CERTIFICATE, KEY, data_volumes, file_volumes
from deploy.files import give, text_in, write_volume
from deploy.vault import OtherNatsServers, open_vault


def fill(
    directory: Path, regions: Sequence[Region], *, now: datetime, nats_servers: int = 1, users: Users = USERS
) -> Mapping[str, Sequence[str]]:
    """Fill the volumes, which are directories of their names in `directory`. Returns which files of which it changed.

    A certificate that is there and good stays. What is not secret is made anew each time, so that a newer version's
    configuration comes with it. Raises `OtherNatsServers`, and changes nothing, if the volumes are of regions with
    another number of NATS servers.
    """
    vault = open_vault(directory / "vault", regions, now=now, nats_servers=nats_servers)

    def identify(region: Region, role: str, volume: str, use: Use, *, hosts: Sequence[str] = ()) -> Identity:
        kept = Identity(certificate=text_in(directory / volume / CERTIFICATE), key=text_in(directory / volume / KEY))
        if vault.authority.vouches_for(kept, region, use=use, now=now, hosts=hosts):
            return kept
        return vault.authority.issue(region, role, use=use, now=now, hosts=hosts)

    for name, data in data_volumes(regions, nats_servers=nats_servers, users=users).items():
        give(directory / name, data)
    return {
        name: write_volume(directory / name, volume)
        for name, volume in file_volumes(regions, vault, identify, nats_servers=nats_servers, users=users).items()
    }


@click.command()
@click.argument("regions", nargs=-1, required=True)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default="/volumes",
    show_default=True,
    help="Where the volumes are mounted, each under its name.",
)
@nats_servers_option
def main(regions: Sequence[str], directory: Path, nats_servers: int) -> None:
    """Give the volumes of REGIONS their files: secrets, certificates, configuration.

    The first start makes the secrets. A later one changes what a newer version
    configures differently, and certificates that are soon over.
    """
    try:
        changed = fill(
            directory, [Region(region) for region in regions], now=datetime.now(UTC), nats_servers=nats_servers
        )
    except OtherNatsServers as error:
        raise click.ClickException(_other_nats_servers(error)) from error
    for name, files in changed.items():
        if files:
            click.echo(f"{name}: {', '.join(files)}")
    if not any(changed.values()):
        click.echo("everything is there already")


def _other_nats_servers(error: OtherNatsServers) -> str:
    return (
        f"the volumes are of regions with {_servers(error.made_for)} each, not with {_servers(error.asked_for)}; "
        "logs are not carried over, so nothing was changed.\n"
        f"To go on with what is there: {_compose_file(error.made_for)}\n"
        "To start anew, with the loss of everything: `docker compose down -v` with that, and then `up -d` with "
        f"{_compose_file(error.asked_for)}"
    )


def _servers(count: int) -> str:
    return "one NATS server" if count == 1 else f"{count} NATS servers"


def _compose_file(nats_servers: int) -> str:
    """What lets Docker Compose run regions with so many."""
    return "COMPOSE_FILE=docker-compose.yml" + ("" if nats_servers == 1 else ":deploy/nats/three.yml")


if __name__ == "__main__":
    main()

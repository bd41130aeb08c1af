"""`python -m deploy.docker REGION...`: give every container's volumes what belongs into them, and change nothing else.

The init container runs it before any other starts, as root, since each file is for one user only.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from core.positions import Region
from deploy.docker.certificates import Identity, Use
from deploy.docker.files import give, text_in, write_volume
from deploy.docker.layout import USERS, Users
from deploy.docker.vault import open_vault
from deploy.docker.volumes import CERTIFICATE, KEY, data_volumes, file_volumes


def fill(
    directory: Path, regions: Sequence[Region], *, now: datetime, users: Users = USERS
) -> Mapping[str, Sequence[str]]:
    """Fill the volumes, which are directories of their names in `directory`. Returns which files of which it changed.

    A certificate that is there and good stays. What is not secret is made anew each time, so that a newer version's
    configuration comes with it.
    """
    vault = open_vault(directory / "vault", regions, now=now)

    def identify(region: Region, role: str, volume: str, use: Use) -> Identity:
        kept = Identity(certificate=text_in(directory / volume / CERTIFICATE), key=text_in(directory / volume / KEY))
        if vault.authority.vouches_for(kept, region, use=use, now=now):
            return kept
        return vault.authority.issue(region, role, use=use, now=now)

    for name, data in data_volumes(regions, users=users).items():
        give(directory / name, data)
    return {
        name: write_volume(directory / name, volume)
        for name, volume in file_volumes(regions, vault, identify, users=users).items()
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
def main(regions: Sequence[str], directory: Path) -> None:
    """Give the volumes of REGIONS their files: secrets, certificates, configuration.

    The first start makes the secrets. A later one changes what a newer version
    configures differently, and certificates that are soon over.
    """
    changed = fill(directory, [Region(region) for region in regions], now=datetime.now(UTC))
    for name, files in changed.items():
        if files:
            click.echo(f"{name}: {', '.join(files)}")
    if not any(changed.values()):
        click.echo("everything is there already")


if __name__ == "__main__":
    main()

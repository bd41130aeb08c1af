"""The command that writes the Secrets of all regions into files."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from core.positions import Region
from core.topology import InvalidTopology, parse_topology
from deploy.kubernetes.layout import NAMESPACE, NATS_DISK_GIBIBYTES, NATS_SERVERS
from deploy.kubernetes.options import OPTIONS_FILE, Options, OtherOptions, keep_options
from deploy.kubernetes.secret_files import certificate_secrets, region_secrets
from deploy.kubernetes.secret_manifests import secrets_text
from deploy.logins import write_private
from deploy.vault import open_vault


def write_secrets(directory: Path, options: Options, *, now: datetime) -> Sequence[Path]:
    """Write a file of Secrets for each region into `directory`, and return them.

    Passwords and keys stay the same: the directory keeps them too. Only its owner can read it. Certificates are new
    each time. Raises `OtherOptions`, and makes nothing, if the last run had other options.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / ".gitignore").write_text("*\n", encoding="utf-8")
    keep_options(directory, options)
    regions = list(options.nats_servers)
    vault = open_vault(directory / "vault", regions, now=now)
    written = []
    for here in regions:
        shape = options.shape(here)
        secrets = region_secrets(here, regions, logins=vault.logins, admin_key=vault.admin_key, shape=shape)
        if options.with_certificates:
            secrets = {**secrets, **certificate_secrets(here, vault.authority, shape=shape, now=now)}
        written.append(write_private(directory / f"{here}.json", secrets_text(secrets, namespace=options.namespace)))
    return written


@click.command()
@click.argument("regions", nargs=-1, required=True)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The directory for the Secrets, passwords and keys. Only you should be able to read it.",
)
@click.option(
    "--one-nats-server",
    "small",
    multiple=True,
    metavar="REGION",
    help="Of a region whose NATS is one server, not three.",
)
@click.option(
    "--nats-disk",
    type=click.IntRange(1, 16_384),
    default=NATS_DISK_GIBIBYTES,
    show_default=True,
    metavar="GIBIBYTES",
    help="The size of the volume of each NATS server. Four fifths of it are for logs.",
)
@click.option("--namespace", default=NAMESPACE, show_default=True, help="Where in each cluster they belong.")
@click.option(
    "--no-certificates",
    is_flag=True,
    help="Make no nats-tls, service-tls and replicator-tls, for example if cert-manager does.",
)
def main(
    *,
    regions: Sequence[str],
    directory: Path,
    small: Sequence[str],
    nats_disk: int,
    namespace: str,
    no_certificates: bool,
) -> None:
    r"""Make the Secrets of all REGIONS: one file for each region, for `kubectl apply`.

    Name every region each time. The first run makes passwords, an admin key and an
    authority for certificates. Later runs keep these, add those of a new region, and
    make new certificates, which are valid for a year. They need the same options as
    the first run.

    \b
    Example:
      python -m deploy.kubernetes us-iowa europe-belgium asia-japan --directory secrets
    """
    _check(regions, small, directory)
    options = Options(
        nats_servers={Region(region): 1 if region in small else NATS_SERVERS for region in regions},
        nats_disk_gibibytes=nats_disk,
        namespace=namespace,
        with_certificates=not no_certificates,
    )
    try:
        written = write_secrets(directory, options, now=datetime.now(UTC))
    except OtherOptions as error:
        raise click.UsageError(
            f"the secrets here were made with {error.made_with}. Use these options again. If the clusters have "
            f"changed, edit {directory / OPTIONS_FILE}"
        ) from error
    except msgspec.DecodeError as error:
        raise click.UsageError(f"{directory / OPTIONS_FILE}: {error}") from error
    for path in written:
        click.echo(path)


def _check(regions: Sequence[str], small: Sequence[str], directory: Path) -> None:
    """Raise `UsageError` before anything is written."""
    some_address = {"nats": ["nats://nats:4222"], "redis": "redis://redis:6379"}
    try:
        parse_topology({"regions": dict.fromkeys(regions, some_address)}, here=regions[0])
    except InvalidTopology as error:
        raise click.UsageError(str(error)) from error
    if unknown := sorted(set(small) - set(regions)):
        raise click.UsageError(f"--one-nats-server: expected one of the regions, got {unknown[0]!r}")
    left_out = sorted({path.stem for path in directory.glob("*.json")} - set(regions))
    if left_out:
        files = ", ".join(str(directory / f"{region}.json") for region in left_out)
        raise click.UsageError(
            f"not named, but there are secrets for: {', '.join(left_out)}. Name them too; if they are gone, "
            f"remove {files} first"
        )

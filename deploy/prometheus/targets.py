"""`python -m deploy.prometheus.targets`: write the addresses of a running demo's processes, for Prometheus."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click
import msgspec

from deploy.local.control.client import ask
from deploy.local.control.messages import AskStatus, Done, LinksStatus, ProcessStatus, Refused, RegionStatus, Status
from deploy.local.errors import LocalError

DIRECTORY: Final = Path(__file__).parent / "targets"
"""The directory from which prometheus.yml reads targets."""


class TargetGroup(msgspec.Struct, frozen=True):
    """Addresses to scrape, and the labels of their metrics: an element of a `file_sd` file."""

    targets: list[str]
    labels: dict[str, str]


def targets_of(regions: Iterable[RegionStatus]) -> Mapping[str, list[TargetGroup]]:
    """Job -> the groups of its targets, one for each region."""
    regions = list(regions)
    return {
        "crosshook-service": [_group(region, region.services) for region in regions],
        "crosshook-replicator": [_group(region, region.replicators) for region in regions],
    }


def write_targets(directory: Path, jobs: Mapping[str, list[TargetGroup]]) -> None:
    """Write a file for each job. Prometheus may read at any time, and gets the whole old file or the whole new one."""
    directory.mkdir(parents=True, exist_ok=True)
    for job, groups in jobs.items():
        unfinished = directory / f"{job}.json.{os.getpid()}"
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(groups), indent=2) + b"\n")
        unfinished.replace(directory / f"{job}.json")


def _group(region: RegionStatus, processes: Iterable[ProcessStatus]) -> TargetGroup:
    addresses = [process.url.removeprefix("http://") for process in processes]
    return TargetGroup(targets=addresses, labels={"region": region.name})


@click.command()
@click.option("--name", default="demo", show_default=True, help="Which demo, as in `crosshook up --name`.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=DIRECTORY,
    show_default="where prometheus.yml looks",
    help="Where to write crosshook-service.json and crosshook-replicator.json.",
)
def main(name: str, directory: Path) -> None:
    """Write the addresses of a running demo's services and replicators, for Prometheus.

    Run it once: processes keep their addresses when they are started again.
    """
    try:
        write_targets(directory, targets_of(_status(name).regions))
    except LocalError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{directory}: crosshook-service.json, crosshook-replicator.json")


def _status(name: str) -> Status:
    match ask(name, AskStatus()):
        case Status() as status:
            return status
        case Refused(message):
            raise click.ClickException(message)
        case Done() | LinksStatus():
            raise click.ClickException(f"the demo named {name!r} does not tell what runs; it is of another version")


if __name__ == "__main__":
    main()

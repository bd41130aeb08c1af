"""`python -m bench figures`: the speed figures of the README."""

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from bench.errors import Unmeasured
from bench.measures import everywhere, local, recovery
from bench.options import (
    connections_option,
    json_option,
    regions_option,
    round_trip_arguments,
    round_trip_option,
    write_json,
)
from bench.regions import running_regions
from bench.report import Report, report_view, this_machine
from cli.help import VerbatimCommand
from deploy.local.errors import LocalError

SECONDS_MAX = 60.0
"""The longest time for each figure but the throughput."""

COUNT_MAX = 1_000_000
"""The most requests for the throughput: a second bound besides its time."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line."""

    regions: int
    rtt: float | None
    local_count: int
    all_count: int
    connections: int
    seconds: float
    cut_seconds: float
    nats_servers: str
    json: Path | None


@click.command(cls=VerbatimCommand)
@regions_option("regions")
@round_trip_option
@click.option(
    "--local-count",
    type=click.IntRange(1, 100_000),
    default=2_000,
    show_default=True,
    help="Requests with local_region, one after the other.",
)
@click.option(
    "--all-count",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="Requests with all_regions from each region, one after the other.",
)
@connections_option("Callers for the throughput")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 60),
    default=10,
    show_default=True,
    help="Load time for the throughput.",
)
@click.option(
    "--cut-seconds",
    type=click.FloatRange(0, 300),
    default=20,
    show_default=True,
    help="Seconds for which a region is cut off; 0 leaves the cut out.",
)
@click.option(
    "--nats-servers",
    type=click.Choice(["1", "3", "5"]),
    default="1",
    show_default=True,
    help="NATS servers a region, as for `crosshook up`.",
)
@json_option("the figures")
def figures(**values: Any) -> None:  # noqa: ANN401 - click calls it with the values of the options above
    """Measure the speed figures of the README.

    Starts its own regions on this machine (127.0.0.1 only), as `crosshook up`
    does, and ends them. The steps:
      - create triggers with local_region over one connection
      - create triggers with all_regions from each region: p50 against the
        round trip to the farthest region
      - create triggers with local_region over many connections: throughput
      - cut a region off, write on both sides, heal: seconds until it catches up
    Any response but 201 ends the measurement. It takes about 90 seconds.
    Compare only figures of one idle machine: all processes and callers share it.

    Examples:
      python -m bench figures
      python -m bench figures --json figures.json
      python -m bench figures --seconds 2 --local-count 300 --all-count 10 --cut-seconds 3
      python -m bench figures --rtt 0 --cut-seconds 0    without network delays
    """
    options = Options(**values)
    progress = Console(stderr=True, highlight=False)
    try:
        report = _measure(options, progress)
    except (Unmeasured, LocalError, OSError) as error:
        raise click.ClickException(str(error)) from error
    Console(highlight=False).print(report_view(report))
    write_json(report, options.json)


def _measure(options: Options, progress: Console) -> Report:
    machine = this_machine()
    progress.print(f"starting {options.regions} regions")
    up_options = ["--nats-servers", options.nats_servers, *round_trip_arguments(options.rtt)]
    with running_regions(count=options.regions, options=up_options) as regions:
        progress.print("local_region, one connection")
        one = local(regions, connections=1, count_max=options.local_count, seconds_max=SECONDS_MAX)
        found = []
        for region in regions.names:
            progress.print(f"all_regions, {region}")
            found.append(everywhere(regions, region, count_max=options.all_count, seconds_max=SECONDS_MAX))
        progress.print(f"local_region, {options.connections} connections for {options.seconds:g} s")
        many = local(regions, connections=options.connections, count_max=COUNT_MAX, seconds_max=options.seconds)
        healed = None
        if options.cut_seconds:
            progress.print(f"cutting {regions.names[-1]} off for {options.cut_seconds:g} s")
            healed = recovery(regions, cut_seconds=options.cut_seconds)
    return Report(machine=machine, one_connection=one, everywhere=found, many_connections=many, recovery=healed)

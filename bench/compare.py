"""`python -m bench compare`: two builds, or one and three NATS servers, measured side by side."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from bench.burst import burst
from bench.comparison import Comparison, Round, comparison_of, comparison_view
from bench.errors import Unmeasured
from bench.machine import this_machine
from bench.options import (
    connections_option,
    json_option,
    regions_option,
    round_trip_arguments,
    round_trip_option,
    write_json,
)
from bench.product import product_side
from bench.progress import reporter
from bench.regions import SERVICE, TREE, running_regions
from bench.rounds import interleaved
from bench.side import Side
from cli.help import VerbatimCommand
from core.consistency import Level
from deploy.local.errors import LocalError

WARM_UP_SECONDS = 3.0


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two builds that are compared, and the options of its `crosshook up`."""

    name: str
    tree: Path = TREE
    options: tuple[str, ...] = ()


SERVERS = (Build(name="one NATS server"), Build(name="three NATS servers", options=("--nats-servers", "3")))


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line."""

    against: Path | None
    servers: bool
    regions: int
    rtt: float | None
    rounds: int
    seconds: float
    connections: int
    json: Path | None


@click.command(cls=VerbatimCommand)
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    metavar="DIR",
    help="Compare this worktree with the one in DIR.",
)
@click.option("--servers", is_flag=True, help="Compare one NATS server a region with three.")
@regions_option("regions a side")
@round_trip_option
@click.option(
    "--rounds",
    type=click.IntRange(2, 1_000),
    default=60,
    show_default=True,
    help="Rounds; each loads both sides.",
)
@click.option(
    "--seconds", type=click.FloatRange(0.1, 60), default=1, show_default=True, help="Load time of a side in a round."
)
@connections_option("Callers")
@json_option("the comparison")
def compare(**values: Any) -> None:  # noqa: ANN401 - click calls it with the values of the options above
    """Measure two builds, or one and three NATS servers, side by side.

    Starts the regions of both sides, and loads one side after the other with
    local_region writes. Every second round runs backwards. Each figure is compared
    with the other side's in the same round: writes a second, and the processor
    time of one write in all processes of a side, until every region has applied it.

    Examples:
      git worktree add ../before HEAD~1
      python -m bench compare --against ../before      about three minutes
      python -m bench compare --against ../before --rounds 300 --json both.json
      python -m bench compare --servers --connections 1
    """
    options = Options(**values)
    builds = _builds(options)
    progress = Console(stderr=True, highlight=False)
    try:
        comparison = _measure(builds, options, progress)
    except (Unmeasured, LocalError, OSError) as error:
        raise click.ClickException(str(error)) from error
    Console(highlight=False).print(comparison_view(comparison))
    write_json(comparison, options.json)


def _builds(options: Options) -> Sequence[Build]:
    """The base, and the side that is compared with it. Raises `UsageError` unless one comparison is chosen."""
    if (options.against is None) is not options.servers:
        raise click.UsageError("choose one comparison: --against DIR or --servers")
    if options.against is None:
        return SERVERS
    return (Build(name=str(options.against), tree=options.against), Build(name="this tree"))


def _measure(builds: Sequence[Build], options: Options, progress: Console) -> Comparison:
    machine = this_machine()
    with ExitStack() as stack:
        loaded = {}
        for build in builds:
            progress.print(f"starting {options.regions} regions: {build.name}")
            up_options = [*round_trip_arguments(options.rtt), *build.options]
            regions = stack.enter_context(
                running_regions(count=options.regions, options=up_options, tree=build.tree),
            )
            product = product_side(regions, Level.LOCAL_REGION, name=build.name)
            burst(product, connections=options.connections, seconds=min(WARM_UP_SECONDS, options.seconds))
            loaded[build.name] = partial(_round, product, options)
        progress.print(f"{options.rounds} rounds of {options.seconds:g} s a side")
        report = reporter(options.rounds * len(loaded), "load", progress)
        measured = interleaved(loaded, rounds=options.rounds, report=report)
    return comparison_of(
        measured, machine=machine, regions=options.regions, connections=options.connections, seconds=options.seconds
    )


def _round(side: Side, options: Options) -> Round:
    """One load on all regions of one build."""
    found = burst(side, connections=options.connections, seconds=options.seconds)
    in_services = found.processor_milliseconds[SERVICE]
    return Round(
        per_second=found.per_second,
        microseconds=sum(found.processor_milliseconds.values()) * 1_000,
        service_microseconds=in_services * 1_000,
    )

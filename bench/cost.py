"""`python -m bench cost`: what recording costs, or another tree, or three NATS servers, side by side."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from bench.cost_report import CostReport, cost_view, report_of
from bench.errors import Unmeasured
from bench.options import (
    connections_option,
    json_option,
    regions_option,
    round_trip_arguments,
    round_trip_option,
    write_json,
)
from bench.pairs import Loaded, alternately
from bench.recorded import check_recorded
from bench.regions import running_regions
from bench.report import this_machine
from bench.sides import RECORDING, SERVERS, Side, trees
from cli.help import VerbatimCommand
from deploy.local.errors import LocalError

WARM_UP_SECONDS = 3.0
REPORTS = 10
"""How often it is said how far it is."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

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
    help="Compare this tree with the one there instead.",
)
@click.option("--servers", is_flag=True, help="Compare regions of one NATS server with regions of three instead.")
@regions_option("regions a side")
@round_trip_option
@click.option(
    "--rounds",
    type=click.IntRange(2, 1_000),
    default=60,
    show_default=True,
    help="How often each side is loaded.",
)
@click.option(
    "--seconds", type=click.FloatRange(0.1, 60), default=1, show_default=True, help="How long it is loaded each time."
)
@connections_option("Callers")
@json_option("it")
def cost(**values: Any) -> None:  # noqa: ANN401 - click calls it with what the options above say
    """Measure what metrics and the lines of requests cost, side by side.

    Starts three sets of regions: one whose processes record nothing, one with
    metrics, one with metrics and lines. They are loaded one after the other with
    local_region writes, a second each, over and over, every other time backwards.
    What is compared is a side with the first one in the same round: writes a
    second, and the processor time of all processes of its regions for one write,
    until every region has applied it.

    With --against it is two trees of this program, as they are; with --servers
    regions whose logs one NATS server keeps, and regions whose logs three keep.

    Nothing is changed in a process that records: in one that does not, the
    functions that count, time and tell do nothing (bench/unrecorded). Before
    anything is measured it is looked whether each side records what it should.

    Examples:
      python -m bench cost                          about four minutes
      python -m bench cost --rounds 300 --json cost.json
      git worktree add ../before HEAD~1
      python -m bench cost --against ../before      what the last commit cost
      python -m bench cost --servers --connections 1
    """
    options = Options(**values)
    progress = Console(stderr=True, highlight=False)
    try:
        sides = _sides(options)
        report = _measure(sides, options, progress)
    except (Unmeasured, LocalError, OSError) as error:
        raise click.ClickException(str(error)) from error
    Console(highlight=False).print(cost_view(report))
    write_json(report, options.json)


def _sides(options: Options) -> Sequence[Side]:
    if options.against is not None and options.servers:
        raise click.UsageError("--against and --servers are two comparisons; choose one")
    if options.against is not None:
        return trees(options.against)
    return SERVERS if options.servers else RECORDING


def _measure(sides: Sequence[Side], options: Options, progress: Console) -> CostReport:
    machine = this_machine()
    with ExitStack() as stack:
        loaded = {}
        for side in sides:
            progress.print(f"starting {options.regions} regions: {side.name}")
            regions = stack.enter_context(
                running_regions(
                    count=options.regions,
                    options=[*round_trip_arguments(options.rtt), *side.options()],
                    tree=side.tree,
                    variables=side.variables(),
                )
            )
            loaded[side.name] = Loaded(regions, connections=options.connections)
            loaded[side.name].round(min(WARM_UP_SECONDS, options.rounds * options.seconds))
            if sides is RECORDING:
                check_recorded(regions, side)
        progress.print(f"{options.rounds} rounds of {options.seconds:g} s a side")
        measured = alternately(
            loaded, rounds=options.rounds, seconds=options.seconds, report=_telling(options.rounds, progress)
        )
    return report_of(
        measured, machine=machine, regions=options.regions, connections=options.connections, seconds=options.seconds
    )


def _telling(rounds: int, progress: Console) -> Callable[[int], None]:
    began = time.monotonic()

    def tell(over: int) -> None:
        if over * REPORTS // rounds > (over - 1) * REPORTS // rounds and over < rounds:
            left = (time.monotonic() - began) / over * (rounds - over)
            progress.print(f"round {over} of {rounds} is over, about {left:.0f} s to go")

    return tell

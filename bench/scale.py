"""`python -m bench scale`: cost against size."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from bench.curve import Curve, ScaleReport
from bench.errors import Unmeasured
from bench.growth import Pace, over_connections, over_regions, over_triggers, over_webhooks
from bench.machine import this_machine
from bench.options import (
    json_option,
    markdown_option,
    pictures_option,
    rounds_option,
    seconds_option,
    write_json,
    write_markdown,
    write_pictures,
)
from bench.postgres import find_postgres, left_out_without
from bench.scale_pictures import scale_pictures
from bench.scale_table import scale_markdown
from cli.help import VerbatimCommand
from deploy.local.errors import LocalError

SIZES: Mapping[str, Sequence[int]] = {
    "connections": (1, 2, 4, 8, 16, 32, 64),
    "regions": (1, 2, 3, 5, 10),
    "triggers": (1_000, 10_000, 100_000, 1_000_000),
    "webhooks": (10, 100, 1_000),
}
"""What grows, and the sizes that are measured."""

QUICK_MAX: Mapping[str, int] = {"connections": 64, "regions": 2, "triggers": 10_000, "webhooks": 100}
"""The largest sizes of `--quick`."""

ROUNDS, QUICK_ROUNDS = 10, 2
SECONDS, QUICK_SECONDS = 1.0, 0.3


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line. What is None follows from `quick`."""

    growing: tuple[str, ...]
    connections_max: int | None
    regions_max: int | None
    triggers_max: int | None
    webhooks_max: int | None
    quick: bool
    rounds: int | None
    seconds: float | None
    json: Path | None
    markdown: Path | None
    pictures: Path | None

    def sizes(self, what: str) -> Sequence[int]:
        """The sizes to measure: those up to the largest one that the options name, and always the first."""
        named: int | None = getattr(self, f"{what}_max")
        largest = named or (QUICK_MAX[what] if self.quick else SIZES[what][-1])
        first, *others = SIZES[what]
        return (first, *(size for size in others if size <= largest))


def _largest(what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    *_, last = SIZES[what]
    return click.option(
        f"--{what}-max",
        type=click.IntRange(SIZES[what][0], last),
        metavar="N",
        help=f"Leave out larger sizes.  [default: {last}; with --quick {QUICK_MAX[what]}]",
    )


@click.command(cls=VerbatimCommand)
@click.option(
    "--size",
    "growing",
    type=click.Choice(list(SIZES)),
    multiple=True,
    default=tuple(SIZES),
    help="Grow this only. May be repeated.  [default: all]",
)
@_largest("connections")
@_largest("regions")
@_largest("triggers")
@_largest("webhooks")
@click.option("--quick", is_flag=True, help="Take two minutes: small sizes, fewer and shorter rounds.")
@rounds_option(whole=ROUNDS, quick=QUICK_ROUNDS)
@seconds_option(whole=SECONDS, quick=QUICK_SECONDS)
@json_option("all curves, with the machine and the versions,")
@markdown_option
@pictures_option
def scale(**values: Any) -> None:  # noqa: ANN401 - click calls it with the values of the options above
    """Measure the cost of a write against size.

    Starts its own regions on this machine (127.0.0.1 only), and ends them. What
    grows, one after the other:
      connections  1 to 64, beside a PostgreSQL table if PostgreSQL is installed
      regions      1 to 10, all on this machine, without delays
      triggers     1,000 to 1,000,000 stored triggers: the time of one more
      webhooks     10 to 1,000 webhooks in an organization: the time of the last

    Stored triggers and webhooks are appended to the log as valid events, past the
    service: about 5,000 a second. Sizes of one curve are measured in turn, but for
    regions. All of it takes about 15 minutes; 1,000,000 triggers take five of them.

    Examples:
      python -m bench scale --quick
      python -m bench scale --json scale.json --pictures docs/images
      python -m bench scale --triggers-max 100000 --regions-max 5
      python -m bench scale --size connections --size webhooks
    """
    options = Options(**values)
    progress = Console(stderr=True, highlight=False)
    try:
        report = _measure(options, progress)
    except (Unmeasured, LocalError, OSError) as error:
        raise click.ClickException(str(error)) from error
    write_json(report, options.json)
    write_markdown(scale_markdown(report), options.markdown)
    write_pictures(scale_pictures(report), options.pictures)


def _measure(options: Options, progress: Console) -> ScaleReport:
    postgres = find_postgres()
    left_out = left_out_without(postgres, progress) if "connections" in options.growing else []
    pace = Pace(
        rounds=options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS),
        seconds=options.seconds or (QUICK_SECONDS if options.quick else SECONDS),
        progress=progress,
    )
    machine = this_machine(postgres=postgres)
    measurements: Mapping[str, Callable[[Sequence[int]], Curve]] = {
        "connections": lambda sizes: over_connections(sizes, pace, postgres=postgres),
        "regions": lambda sizes: over_regions(sizes, pace),
        "triggers": lambda sizes: over_triggers(sizes, pace),
        "webhooks": lambda sizes: over_webhooks(sizes, pace),
    }
    curves = [measure(options.sizes(what)) for what, measure in measurements.items() if what in options.growing]
    return ScaleReport(machine=machine, rounds=pace.rounds, seconds=pace.seconds, left_out=left_out, curves=curves)

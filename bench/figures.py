"""`python -m bench figures`: the product, its peers and another build, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from bench.burst import burst
from bench.cells import Cell, Load, measure
from bench.errors import Unmeasured
from bench.extent import QUICK, WHOLE, Extent
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
from bench.peers import empty_side, postgres_sides
from bench.pictures import pictures
from bench.postgres import find_postgres, left_out_without
from bench.product import product_side
from bench.progress import reporter
from bench.region_parts import (
    measured_catch_up,
    measured_cut,
    measured_links,
    measured_rebuild,
    measured_space,
    measured_waiting,
)
from bench.regions import TREE, WITHOUT_DELAYS, counted, running_regions
from bench.report import Report
from bench.side import PRODUCT, Side
from bench.table import markdown
from cli.help import VerbatimCommand
from core.consistency import Level
from deploy.local.errors import LocalError

CONNECTIONS = (1, 8, 32, 64)
MANY_CONNECTIONS = 32
WARM_UP_SECONDS = 2.0

PARTS = ("one-region", "three-regions", "links", "cut", "rebuild", "catch-up", "space", "waiting")
ONE_REGION, THREE_REGIONS, LINKS, CUT, REBUILD, CATCH_UP, SPACE, WAITING = PARTS


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line. What is None follows from `quick`."""

    against: Path | None
    parts: tuple[str, ...]
    quick: bool
    rounds: int | None
    seconds: float | None
    json: Path | None
    markdown: Path | None
    pictures: Path | None

    @property
    def extent(self) -> Extent:
        """How much to measure."""
        chosen = QUICK if self.quick else WHOLE
        return msgspec.structs.replace(
            chosen, rounds=self.rounds or chosen.rounds, seconds=self.seconds or chosen.seconds
        )


@click.command(cls=VerbatimCommand)
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    metavar="DIR",
    help="Measure the build in the worktree DIR as well.",
)
@click.option(
    "--part",
    "parts",
    type=click.Choice(PARTS),
    multiple=True,
    default=PARTS,
    help="Measure this part only. May be repeated.  [default: all]",
)
@click.option("--quick", is_flag=True, help="Take three minutes: fewer and shorter rounds, three regions at most.")
@rounds_option(whole=WHOLE.rounds, quick=QUICK.rounds)
@seconds_option(whole=WHOLE.seconds, quick=QUICK.seconds)
@json_option("all figures, with the machine and the versions,")
@markdown_option
@pictures_option
def figures(**values: Any) -> None:  # noqa: ANN401 - click calls it with the values of the options above
    """Measure how fast crosshook is, beside a PostgreSQL table.

    Everything runs on this machine (127.0.0.1 only), and ends with the command.
    Each part starts what it needs:
      one-region     one region without delays, the same POST on a PostgreSQL
                     table, the same POST without any work, and the build of
                     --against. They are loaded in turn, round by round, at 1, 8,
                     32 and 64 connections.
      three-regions  three regions without delays at 32 connections:
                     local_region and all_regions
      links          all_regions at 100 requests a second, over links with the
                     delays between continents: 3, 5 and 10 regions
      cut            a region is cut off, both sides write, the link is healed:
                     seconds until each side has the other's write
      rebuild        a Redis is emptied: events a second until the region answers
                     reads, and in the script alone, fed the same writes
      catch-up       a region is cut off and stores many events: seconds from the
                     heal until every region has everything
      space          bytes of a stored trigger in Redis and in the log
      waiting        many requests wait in one service for a region that is cut
                     off: its memory, and its processor time meanwhile
    The tables show medians over the rounds. Compare only figures of one run, on
    a machine that does nothing else. All parts take about 15 minutes.

    The PostgreSQL is the bench's own: a new database, started from the installed
    programs. Without them (apt-get install -y postgresql) it is left out.

    Examples:
      python -m bench figures --quick
      python -m bench figures --json figures.json --pictures docs/images
      python -m bench figures --part one-region --against ../before
      python -m bench figures --part links
    """
    options = Options(**values)
    progress = Console(stderr=True, highlight=False)
    try:
        report = _measure(options, progress)
    except (Unmeasured, LocalError, OSError) as error:
        raise click.ClickException(str(error)) from error
    write_json(report, options.json)
    write_markdown(markdown(report), options.markdown)
    write_pictures(pictures(report), options.pictures)


def _measure(options: Options, progress: Console) -> Report:
    postgres = find_postgres()
    left_out = left_out_without(postgres, progress) if ONE_REGION in options.parts else []
    machine, extent = this_machine(postgres=postgres), options.extent
    return Report(
        machine=machine,
        rounds=extent.rounds,
        seconds=extent.seconds,
        left_out=left_out,
        one_region=_one_region(options, postgres, progress) if ONE_REGION in options.parts else [],
        three_regions=_three_regions(options, progress) if THREE_REGIONS in options.parts else [],
        over_links=measured_links(extent, progress) if LINKS in options.parts else [],
        recovery=measured_cut(extent, progress) if CUT in options.parts else None,
        rebuild=measured_rebuild(extent, progress) if REBUILD in options.parts else None,
        catch_up=measured_catch_up(extent, progress) if CATCH_UP in options.parts else None,
        space=measured_space(progress) if SPACE in options.parts else None,
        waiting=measured_waiting(extent, progress) if WAITING in options.parts else None,
    )


def _one_region(options: Options, postgres: Path | None, progress: Console) -> list[Cell]:
    with ExitStack() as stack:
        sides = stack.enter_context(_builds(1, [Level.LOCAL_REGION], options.against, progress))
        if postgres is not None:
            progress.print("starting PostgreSQL")
            sides = [*sides, *stack.enter_context(postgres_sides(postgres))]
        sides = [*sides, stack.enter_context(empty_side())]
        loads = {
            Load(side.name, Level.LOCAL_REGION, connections): side for connections in CONNECTIONS for side in sides
        }
        return _interleaved(loads, options.extent, progress)


def _three_regions(options: Options, progress: Console) -> list[Cell]:
    levels = (Level.LOCAL_REGION, Level.ALL_REGIONS)
    with _builds(3, levels, options.against, progress) as sides:
        names = [name for name in (PRODUCT, _name(options.against)) if name]
        order = [(name, level) for name in names for level in levels]
        loads = {Load(name, level, MANY_CONNECTIONS): side for (name, level), side in zip(order, sides, strict=True)}
        return _interleaved(loads, options.extent, progress)


@contextmanager
def _builds(count: int, levels: Sequence[Level], against: Path | None, progress: Console) -> Iterator[list[Side]]:
    """The product, and the build in `against`, each with a side for each level."""
    trees = {PRODUCT: TREE} if against is None else {PRODUCT: TREE, _name(against): against}
    with ExitStack() as stack:
        sides = []
        for name, tree in trees.items():
            progress.print(f"starting {counted(count)}: {name}")
            regions = stack.enter_context(running_regions(count=count, options=WITHOUT_DELAYS, tree=tree))
            sides += [product_side(regions, level, name=name) for level in levels]
        yield sides


def _interleaved(loads: Mapping[Load, Side], extent: Extent, progress: Console) -> list[Cell]:
    for side in {side.name: side for side in loads.values()}.values():
        burst(side, connections=MANY_CONNECTIONS, seconds=min(WARM_UP_SECONDS, extent.seconds))
    count = extent.rounds * len(loads)
    progress.print(f"{extent.rounds} rounds of {len(loads)} loads, {extent.seconds:g} s each")
    report = reporter(count, "load", progress)
    return measure(loads, rounds=extent.rounds, seconds=extent.seconds, report=report)


def _name(against: Path | None) -> str:
    return "" if against is None else f"the build in {against.name}"

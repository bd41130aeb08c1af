"""`crosshook lag`: how far each region is behind each origin."""

import asyncio
import os
import signal
import ssl
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from click.core import ParameterSource
from rich.console import Console, Group
from rich.live import Live

from cli.failure import Misuse
from cli.help import VerbatimCommand
from cli.lag.reading import LagReader, open_lag_reader
from cli.lag.view import Terminal, lag_view
from cli.running import name_option, status
from core.positions import Region
from core.topology import InvalidTopology, RegionConfig, RegionState, Topology, parse_topology
from runtime.credentials import Credentials, InvalidCredentials, read_credentials
from runtime.logs import LogFormat, LogLevel, configure_logs
from runtime.settings import Environment, InvalidSetting

_REDRAW_SECONDS = 0.5
_PRINT_SECONDS = 1.0
"""How often a table is printed where none can be drawn in place."""

_WIDTH_WITHOUT_TERMINAL = 2_000
"""More than ten regions with the longest names and a note need: what is searched has no line broken."""


class Addresses(msgspec.Struct, frozen=True):
    """Where the regions are, with who asks there, and which of them are known to be cut off."""

    regions: Mapping[Region, RegionConfig]
    cut: frozenset[Region] = frozenset()


Locate = Callable[[], Addresses]
"""Says where the regions are; asked again before each table."""


@click.command(cls=VerbatimCommand)
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C: in place on a terminal, table after table elsewhere.")
@name_option
@click.option(
    "--topology",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="CROSSHOOK_TOPOLOGY",
    metavar="FILE",
    help="Look at the regions of this topology file instead of a demo.  [default: $CROSSHOOK_TOPOLOGY]",
)
@click.option(
    "--credentials",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="CROSSHOOK_CREDENTIALS",
    metavar="FILE",
    help="Who you are at their NATS.  [default: $CROSSHOOK_CREDENTIALS]",
)
@click.option(
    "--region",
    envvar="CROSSHOOK_REGION",
    metavar="NAME",
    help="The region of that file from which you look.  [default: $CROSSHOOK_REGION]",
)
def lag(*, watch: bool, name: str, topology: Path | None, credentials: Path | None, region: str | None) -> None:
    """Show how far each region is behind each origin.

    A row is a region, a column is an origin: a region whose log the row has to
    apply. A cell says how many events of that log the region has not applied,
    and how old the oldest of them is; `0`: it has them all. What is not known is
    said:
      ? of 130      the log ends at 130; the region is not heard from
      at 123 of ?   the region has applied 123; where the log ends is not known
      5, age ?      five events are not applied; how old they are is not known
      halted: ...   the region has stopped applying this origin, for this reason
      lacks 7       the log itself lacks seven events that it had
    Under a region's name stands `cut off` while a demo's region is, and
    `rebuilding` while its projection is not current.

    A terminal's width is used and kept to. Where it is small, columns have
    numbers for names, a cell has two lines, and figures are rounded down: `12 k`
    is 12 thousand events and some, `1.3 M` 1.3 million, `27 h` 27 hours. The
    ages are left out of a live table if the terminal has no lines for them. In
    a pipe or file each region is one line, however long, with figures in full.

    It asks each region's own NATS, waits for an absent one for two seconds at
    most, and changes nothing. Ages are by this machine's clock. For `tls://`
    addresses $CROSSHOOK_TLS_AUTHORITY, $CROSSHOOK_TLS_CERTIFICATE and
    $CROSSHOOK_TLS_KEY say whom to believe and who you are, as for a service.

    Examples:
      crosshook lag                       of the running demo
      crosshook lag --watch               live; cut a region in another terminal
      crosshook lag --watch --name mine   of `crosshook up --name mine`
      crosshook lag | grep asia-japan     its line, and what there is to say of it
      crosshook lag --topology regions.toml --region us-iowa --credentials me.toml
    """
    if click.get_current_context().get_parameter_source("name") is ParameterSource.COMMANDLINE:
        topology = region = None
    if (topology is None) != (region is None):
        raise Misuse("--topology FILE and --region NAME go together: which file, and from which of its regions")
    locate = (
        (lambda: _demo(name))
        if topology is None
        else _deployment(topology, here=region or "", credentials=_credentials(credentials))
    )
    configure_logs(LogFormat.CONSOLE, LogLevel.WARNING, process="crosshook lag")
    asyncio.run(_until_ended(locate, watch=watch))


def _demo(name: str) -> Addresses:
    """Each region's NATS without a link in between: a cut is seen from both sides."""
    found = status(name)
    regions = {
        Region(region.name): RegionConfig(nats=[server.url for server in region.nats]) for region in found.regions
    }
    return Addresses(
        regions=_credentials(Path(found.observer)).into(Topology(regions)).regions,
        cut=frozenset(Region(region.name) for region in found.regions if region.is_cut),
    )


def _deployment(topology: Path, *, here: str, credentials: Credentials) -> Locate:
    """Every region but the retired, by the addresses that `here` reaches them at."""
    try:
        regions = credentials.into(
            parse_topology(tomllib.loads(topology.read_text(encoding="utf-8")), here=here)
        ).regions
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"--topology: expected a file that can be read ({error}), got {str(topology)!r}") from error
    except (tomllib.TOMLDecodeError, InvalidTopology) as error:
        raise Misuse(f"--topology {topology}: {error}") from error
    addresses = Addresses(
        regions={name: config for name, config in regions.items() if config.state is not RegionState.RETIRED}
    )
    return lambda: addresses


def _credentials(path: Path | None) -> Credentials:
    try:
        return Credentials() if path is None else read_credentials(path)
    except (OSError, InvalidCredentials) as error:
        raise Misuse(f"--credentials: expected a file of credentials ({error}), got {str(path)!r}") from error


def _tls() -> ssl.SSLContext:
    try:
        return Environment(os.environ).tls()
    except InvalidSetting as error:
        raise Misuse(str(error)) from error


async def _until_ended(locate: Locate, *, watch: bool) -> None:
    """Show once, or go on until a signal, which is no error."""
    loop = asyncio.get_running_loop()
    showing = loop.create_task(_show(locate, watch=watch))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, showing.cancel)
    await asyncio.wait([showing])
    if not showing.cancelled():
        showing.result()


async def _show(locate: Locate, *, watch: bool) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_WITHOUT_TERMINAL
    async with open_lag_reader(locate().regions, tls=_tls()) as reader:
        await reader.wait_complete()
        if not watch:
            terminal = Terminal(columns=console.width) if console.is_terminal else None
            console.print(await _look(reader, locate, terminal))
        elif console.is_terminal:
            await _redraw(reader, locate, console)
        else:
            await _print_again_and_again(reader, locate, console)


async def _redraw(reader: LagReader, locate: Locate, console: Console) -> None:
    """In place. Where there are still too few lines an ellipsis says so, and at the end all of it stands there."""
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            terminal = Terminal(columns=console.width, lines=console.height)
            live.update(await _look(reader, locate, terminal), refresh=True)
            await asyncio.sleep(_REDRAW_SECONDS)


async def _print_again_and_again(reader: LagReader, locate: Locate, console: Console) -> None:
    while True:
        view = await _look(reader, locate, None)
        console.print(datetime.now(UTC).isoformat(timespec="seconds"), view)
        await asyncio.sleep(_PRINT_SECONDS)


async def _look(reader: LagReader, locate: Locate, terminal: Terminal | None) -> Group:
    cut = (await asyncio.to_thread(locate)).cut
    return lag_view(await reader.snapshot(cut=cut), terminal)

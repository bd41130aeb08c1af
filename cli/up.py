"""`crosshook up`: several regions on this machine."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from cli.admin_errors import AdminError
from cli.example_key import example_key
from cli.failure import failure, indented
from cli.guide import ORGANIZATION, Commands, Place, guide
from cli.help import VerbatimCommand
from cli.progress import Progress, showing
from cli.running import DEFAULT_NAME, own_command
from cli.tables import WideConsole, links_table, regions_table
from deploy.local.control.fulfilling import fulfilling
from deploy.local.control.messages import Status
from deploy.local.control.server import control_server
from deploy.local.control.status import links_of, status_of
from deploy.local.errors import LocalError, ProcessDied
from deploy.local.network.geography import REGIONS_MAX
from deploy.local.processes.supervision import supervise
from deploy.local.regions import LocalRegions
from deploy.local.starting import local_regions

_OWN_VARIABLES = frozenset({"CROSSHOOK_NATS_SERVER", "CROSSHOOK_REDIS_SERVER"})
"""Read here; every other `CROSSHOOK_` variable is the processes'."""
_ADMIN_KEY = "CROSSHOOK_ADMIN_KEY"
_READY_SECONDS_MAX = 20.0
_READY_SECONDS_PER_REGION = 5.0
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    regions: int
    round_trip_milliseconds: float | None
    data: Path | None
    http_port: int
    nats_servers: int
    name: str

    @property
    def name_option(self) -> str:
        """What commands about these regions have to add."""
        return "" if self.name == DEFAULT_NAME else f" --name {self.name}"


@click.command(cls=VerbatimCommand)
@click.option(
    "--regions",
    type=click.IntRange(1, REGIONS_MAX),
    default=3,
    show_default=True,
    metavar="N",
    help="How many regions.",
)
@click.option(
    "--rtt",
    "round_trip_milliseconds",
    type=click.FloatRange(min=0),
    metavar="MS",
    help="Round trip between any two regions in milliseconds; 0 for none.  [default: what geography makes likely]",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep everything in DIR and start from it again.  [default: a temporary directory]",
)
@click.option(
    "--http-port",
    type=click.IntRange(1, 65_535 - REGIONS_MAX),
    default=8081,
    show_default=True,
    help="The first region's port; the others have the ones after it.",
)
@click.option(
    "--nats-servers",
    type=click.Choice(["1", "3", "5"]),
    callback=lambda _context, _parameter, value: int(value),
    default="1",
    show_default=True,
    help="How many NATS servers each region has, and on how many each of its logs is kept.",
)
@click.option("--name", default=DEFAULT_NAME, show_default=True, help="To run several demos side by side.")
def up(**options: Any) -> None:  # noqa: ANN401 - click calls it with what the options above say
    """Run regions on this machine until Ctrl-C.

    Each has its own NATS, Redis, service and replicator. What passes between them
    goes through links that take as long as between the continents, and that can be
    cut: see `crosshook link --help`.

    Examples:
      crosshook up
      crosshook up --data ./demo          start from the same data again
      crosshook up --rtt 0                regions without distance
      crosshook up --regions 5 --http-port 9001
      crosshook up --nats-servers 3       regions that outlive a server
      CROSSHOOK_LOG_LEVEL=debug crosshook up
    """
    try:
        _run(_until_ended(Options(**options)))
    except LocalError as error:
        raise failure(error) from error


def _run(work: Coroutine[None, None, None]) -> None:
    """On uvloop where it exists: links delay more evenly on it."""
    try:
        import uvloop  # noqa: PLC0415 - it exists for CPython only
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


async def _until_ended(options: Options) -> None:
    """Run the regions; the first signal ends them in order, the next one at once."""
    loop = asyncio.get_running_loop()
    demo = loop.create_task(_demo(options))
    for number in _ENDING_SIGNALS:
        loop.add_signal_handler(number, demo.cancel)
    await asyncio.wait([demo])
    if not demo.cancelled():
        demo.result()


async def _demo(options: Options) -> None:
    console = WideConsole()
    progress = Progress()
    started = time.monotonic()
    console.print(f"starting {options.regions} {'region' if options.regions == 1 else 'regions'}")
    async with control_server(options.name) as control, AsyncExitStack() as open_regions:
        async with showing(progress, console):
            regions = await open_regions.enter_async_context(
                local_regions(
                    regions=options.regions,
                    round_trips=options.round_trip_milliseconds,
                    data=options.data,
                    http_port=options.http_port,
                    nats_servers=options.nats_servers,
                    settings=_settings(os.environ),
                    ready_within_seconds=_READY_SECONDS_MAX + _READY_SECONDS_PER_REGION * options.regions,
                    report=progress.report,
                )
            )
            api_key = await _example_key(status_of(regions))
        control.fulfil = fulfilling(regions)
        _present(regions, options, console, api_key=api_key, seconds=time.monotonic() - started)
        try:
            await supervise(regions, report=_report_death)
        finally:
            control.fulfil = None
            with suppress(OSError):
                console.print("stopping")


async def _example_key(status: Status) -> str | None:
    """The key for the lines to paste. Without it there is still everything else, also what issues one by hand."""
    try:
        return await asyncio.to_thread(
            example_key,
            Path(status.data),
            services=[region.services[0].url for region in status.regions],
            admin_key=status.admin_key,
            name="crosshook up",
        )
    except (AdminError, OSError) as error:
        click.echo(f"no API key for the lines below: {error}", err=True)
        return None


def _present(regions: LocalRegions, options: Options, console: Console, *, api_key: str | None, seconds: float) -> None:
    status = status_of(regions)
    console.print(f"ready after {seconds:.1f} s; Ctrl-C ends everything")
    console.print(regions_table(status))
    console.print(links_table(links_of(regions.mesh)))
    console.print(f"organization {ORGANIZATION}\ndata and logs {status.data}\n", soft_wrap=True)
    places = [Place(name=region.name, url=region.services[0].url) for region in status.regions]
    commands = Commands(link=f"{own_command()} link", keys=f"{own_command()} keys", options=options.name_option)
    for step in guide(places, api_key=api_key, commands=commands):
        click.echo(f"{step.heading}\n\n{step.lines}\n")


def _report_death(death: ProcessDied) -> None:
    click.echo(f"{death}; starting it again\n{indented(death.log_tail)}", err=True)


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings meant for the services and replicators. An empty admin key is none, so that one is made."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith("CROSSHOOK_") and name not in _OWN_VARIABLES and (value or name != _ADMIN_KEY)
    }

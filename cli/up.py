"""`crosshook up`: run several regions on this machine."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from adapters.server_patches import Kind, accepted_servers, outdated
from cli.admin_errors import AdminError
from cli.example_key import example_key
from cli.failure import failure, indented
from cli.guide import ORGANIZATION, Commands, Place, guide
from cli.help import VerbatimCommand
from cli.parameter_types import Integer, Number
from cli.progress import Progress, showing
from cli.running import options_of
from cli.tables import TableConsole, links_table, regions_table
from deploy.local.control.fulfilling import fulfilling
from deploy.local.control.messages import Status
from deploy.local.control.server import control_server
from deploy.local.control.status import links_of, status_of
from deploy.local.errors import DEFAULT_NAME, LocalError, ProcessDied
from deploy.local.network.geography import REGIONS_MAX
from deploy.local.processes.servers import NATS, REDIS, Servers
from deploy.local.processes.supervision import supervise
from deploy.local.regions import LocalRegions
from deploy.local.starting import local_regions
from deploy.own_command import own_command

_OWN_VARIABLES = frozenset({"CROSSHOOK_NATS_SERVER", "CROSSHOOK_REDIS_SERVER"})
"""This command reads these. Every other `CROSSHOOK_` variable is passed on to the processes."""
_ADMIN_KEY = "CROSSHOOK_ADMIN_KEY"
_READY_SECONDS_MAX = 20.0
_READY_SECONDS_PER_REGION = 5.0
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line."""

    regions: int
    round_trip_milliseconds: float | None
    data: Path | None
    http_port: int
    nats_servers: int
    name: str


@click.command(cls=VerbatimCommand)
@click.option(
    "--regions",
    type=Integer(1, REGIONS_MAX),
    default=3,
    show_default=True,
    metavar="N",
    help="The number of regions, 1 to 10.",
)
@click.option(
    "--rtt",
    "round_trip_milliseconds",
    type=Number(min=0),
    metavar="MS",
    help="The round trip between any two regions, in milliseconds; 0 for no delay.  [default: by distance]",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep all data in DIR, and start from it the next time.  [default: a temporary directory]",
)
@click.option(
    "--http-port",
    type=Integer(1, 65_535 - REGIONS_MAX),
    default=8081,
    show_default=True,
    metavar="PORT",
    help="The HTTP port of the first region; the other regions have the ports after it.",
)
@click.option(
    "--nats-servers",
    type=click.Choice(["1", "3", "5"]),
    callback=lambda _context, _parameter, value: int(value),
    default="1",
    show_default=True,
    help="The number of NATS servers of a region. Each log is kept on all of them.",
)
@click.option(
    "--name",
    default=DEFAULT_NAME,
    show_default=True,
    metavar="NAME",
    help="The name of this demo. Several demos need different names and ports.",
)
def up(**options: Any) -> None:  # noqa: ANN401 - click passes the options above
    """Run regions on this machine until Ctrl-C.

    Each region has its own NATS, Redis, service and replicator. The regions are
    connected by links with the delays between continents. `crosshook link --help`
    shows how to cut, heal and delay the links.

    When all processes are ready, it prints lines to paste into a second terminal.

    Examples:
      crosshook up
      crosshook up --data ./demo          start from the same data again
      crosshook up --rtt 0                regions without distance
      crosshook up --regions 5 --http-port 9001   ports 9001 to 9005
      crosshook up --nats-servers 3       a server may be lost
      CROSSHOOK_LOG_LEVEL=debug crosshook up
    """
    try:
        _run(_until_ended(Options(**options)))
    except LocalError as error:
        raise failure(error) from error


def _run(work: Coroutine[None, None, None]) -> None:
    """Run on uvloop if it is installed: the delays of the links are more even on it."""
    try:
        import uvloop  # noqa: PLC0415 - it exists for CPython only
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


async def _until_ended(options: Options) -> None:
    """Run the regions. The first signal ends them in order, the second one at once."""
    loop = asyncio.get_running_loop()
    demo = loop.create_task(_demo(options))
    for number in _ENDING_SIGNALS:
        loop.add_signal_handler(number, demo.cancel)
    await asyncio.wait([demo])
    if not demo.cancelled():
        demo.result()


async def _demo(options: Options) -> None:
    console = TableConsole()
    progress = Progress()
    started = time.monotonic()
    async with control_server(options.name) as control, AsyncExitStack() as open_regions:
        console.print(f"starting {options.regions} {'region' if options.regions == 1 else 'regions'}")
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
    """The key for the lines to paste. If it cannot be issued, the first line issues one."""
    try:
        return await asyncio.to_thread(
            example_key,
            Path(status.data),
            services=[region.services[0].url for region in status.regions],
            admin_key=status.admin_key,
            name="crosshook up",
        )
    except (AdminError, OSError) as error:
        click.echo(f"the lines below have no API key: {error}", err=True)
        return None


def _present(regions: LocalRegions, options: Options, console: Console, *, api_key: str | None, seconds: float) -> None:
    status = status_of(regions)
    console.print(f"ready after {seconds:.1f} s; Ctrl-C ends everything")
    console.print(f"each region runs {regions.servers.nats.server} and {regions.servers.redis.server}")
    for warning in outdated_servers(regions.servers, os.environ):
        click.echo(warning, err=True)
    console.print(regions_table(status))
    console.print(links_table(links_of(regions.mesh)))
    console.print(f"organization {ORGANIZATION}\ndata and logs {status.data}\n", soft_wrap=True)
    console.print("Paste these lines into a second terminal, in the same directory.\n")
    places = [Place(name=region.name, url=region.services[0].url) for region in status.regions]
    commands = Commands(link=f"{own_command()} link", keys=f"{own_command()} keys", options=options_of(options.name))
    for step in guide(places, api_key=api_key, commands=commands):
        click.echo(f"{step.heading}\n\n{step.lines}\n")


def outdated_servers(servers: Servers, environment: Mapping[str, str]) -> Iterator[str]:
    """A line about each of the servers that lacks security fixes, with what to do."""
    accepted = accepted_servers(environment.get("CROSSHOOK_PATCHED_SERVERS", ""))
    for kind, warning in outdated((servers.nats.server, servers.redis.server), accepted=accepted).items():
        need = NATS if kind == Kind.NATS else REDIS
        yield f"warning: {warning}, and name it in {need.variable}"


def _report_death(death: ProcessDied) -> None:
    click.echo(f"{death}; it is started again\n{indented(death.log_tail)}", err=True)


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of the services and replicators. An empty admin key is left out, so that a new one is made."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith("CROSSHOOK_") and name not in _OWN_VARIABLES and (value or name != _ADMIN_KEY)
    }

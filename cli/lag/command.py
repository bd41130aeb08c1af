"""`crosshook lag`: how far each region is behind each origin."""

import os
import signal
import time
from contextlib import suppress

import click
from click.core import ParameterSource
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from cli.failure import Misuse
from cli.help import VerbatimCommand
from cli.lag.asking import NoServiceAnswers, Services, ask, failure, service_beside, services_at, services_of_demo
from cli.lag.table import lag_table
from cli.running import name_option
from runtime.settings import Environment, InvalidSetting

_SAMPLE_SECONDS = 1.0
"""A service samples the lag once a second."""

_WIDTH_WITHOUT_TERMINAL = 10_000
"""Wider than ten regions with the longest names and a note: no line of a pipe or file is broken."""

_LISTEN = "CROSSHOOK_LISTEN"


@click.command(cls=VerbatimCommand)
@click.option("--watch", is_flag=True, help="Print a table every second until Ctrl-C. A terminal shows it in place.")
@name_option
@click.option(
    "--region", metavar="NAME", help="The region of the demo whose view you want.  [default: one that is not cut off]"
)
@click.option(
    "--url",
    "urls",
    multiple=True,
    metavar="URL",
    envvar="CROSSHOOK_URL",
    help="The service to ask, http[s]://HOST:PORT, instead of a demo. Give several: the first that answers is asked.  "
    "[default: $CROSSHOOK_URL]",
)
def lag(*, watch: bool, name: str, region: str | None, urls: tuple[str, ...]) -> None:
    """Show how far each region is behind each origin, as one service sees it.

    A service shows the same in a browser, at /dashboard. A row is a region. It
    lists the origins whose logs the region has not applied completely, the worst
    first: how many events are missing, and how old the oldest is. `0`: nothing is
    missing.
      ≤ 5 events  at most five: the region is not heard, it may have applied more
      ≥ 5 events  at least five: the origin is not heard, its log may have more
      ?           unknown since the time beside it
      halted      the region stopped applying the origin: an operator must act

    The command asks one service. In a demo that is a service of a region that is
    not cut off; --region asks another. In a deployment it is the service at --url
    or $CROSSHOOK_URL. In the container of a service it is that service. The
    command needs no key and changes nothing.

    A terminal shows as many origins as fit. A pipe or file gets all of them, with
    one line a region.

    Examples:
      crosshook lag                       of the running demo
      crosshook lag --watch               live; cut a region in another terminal
      crosshook lag --region asia-japan   the view of that region
      crosshook lag | grep asia-japan     its line, and the notes about it
      crosshook lag --url http://10.0.0.7:8080 --url http://10.1.0.7:8080
    """
    services = _services(name, region=region, urls=urls)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_WITHOUT_TERMINAL
    if not watch:
        try:
            console.print(lag_table(ask(services()), columns=_columns(console)))
        except NoServiceAnswers as error:
            raise failure(error) from error
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        _watch(services, console)


def _services(name: str, *, region: str | None, urls: tuple[str, ...]) -> Services:
    """The services that the options or the environment name. Raises `Misuse`."""
    is_given = click.get_current_context().get_parameter_source
    if is_given("name") is ParameterSource.COMMANDLINE:
        if is_given("urls") is ParameterSource.COMMANDLINE:
            raise Misuse("--name names a demo and --url a deployment; give only one of them")
        return services_of_demo(name, region)
    if urls and region is not None:
        raise Misuse("--region names a region of a demo; with --url give the address of a service there")
    if urls:
        return services_at(urls)
    if _LISTEN in os.environ and region is None:
        try:
            return service_beside(*Environment(os.environ).address(_LISTEN, default=""))
        except InvalidSetting as error:
            raise Misuse(str(error)) from error
    return services_of_demo(name, region)


def _watch(services: Services, console: Console) -> None:
    """Show a table a second until a signal. If the terminal has too few lines, an ellipsis says so."""
    if not console.is_terminal:
        while True:
            console.print(_look(services, console))
            time.sleep(_SAMPLE_SECONDS)
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            live.update(_look(services, console), refresh=True)
            time.sleep(_SAMPLE_SECONDS)


def _look(services: Services, console: Console) -> Group:
    """A table, or why there is none: a watch outlives a restart of the services."""
    try:
        return lag_table(ask(services()), columns=_columns(console))
    except NoServiceAnswers as error:
        return Group(Text(str(error), style="bold red"))


def _columns(console: Console) -> int | None:
    return console.width if console.is_terminal else None

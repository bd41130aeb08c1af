"""`crosshook link`: cut, heal and delay the links between running regions."""

import click

from cli.help import VerbatimGroup
from cli.parameter_types import Number
from cli.running import do, links, name_option, options_of
from cli.tables import TableConsole, links_table
from deploy.local.control.messages import CutRegion, DelayPair, HealRegion
from deploy.own_command import own_command


@click.group(cls=VerbatimGroup)
def link() -> None:
    """Cut, heal and delay the links between running regions.

    A cut is a network partition. Nothing passes either way. Open connections
    stay open, new ones get no answer, and no process is notified. Nothing is
    lost: bytes that were under way arrive after the heal.

    Examples:
      crosshook link status
      crosshook link cut asia-japan
      crosshook link heal asia-japan
      crosshook link delay us-iowa europe-belgium 400
    """


_region = click.argument("region", envvar="CROSSHOOK_REGION")
"""In a container of a region, the environment names that region."""


@link.command()
@_region
@name_option
def cut(region: str, name: str) -> None:
    """Cut REGION off from all other regions.

    If $CROSSHOOK_REGION names the region, REGION may be left out.

    After this example a write with `all_regions` returns 408 and names
    asia-japan. A write with `local_region` still returns 201 in every region.
      crosshook link cut asia-japan
    """
    note = do(name, CutRegion(region))
    remedy = note or f"heal it with `{own_command()} link heal {region}{options_of(name)}`"
    click.echo(f"{region} is cut off; {remedy}")


@link.command()
@_region
@name_option
def heal(region: str, name: str) -> None:
    """Connect REGION again after a cut.

    If $CROSSHOOK_REGION names the region, REGION may be left out.

    Example:
      crosshook link heal asia-japan
    """
    do(name, HealRegion(region))
    click.echo(f"{region} is connected again")


@link.command()
@click.argument("a")
@click.argument("b")
@click.argument("milliseconds", metavar="MS", type=Number())
@name_option
def delay(a: str, b: str, milliseconds: float, name: str) -> None:
    """Set the round trip between two regions, in milliseconds.

    From now on a round trip between A and B takes MS milliseconds (0 to 60000).

    Example: a slow day on the Atlantic.
      crosshook link delay us-iowa europe-belgium 400
    """
    note = do(name, DelayPair(a, b, milliseconds))
    click.echo(f"a round trip between {a} and {b} takes {milliseconds:g} ms" + (f"; {note}" if note else ""))


@link.command(name="status")
@name_option
def show_status(name: str) -> None:
    """Show each pair's round trip, and which regions are cut off.

    Example:
      crosshook link status
    """
    TableConsole().print(links_table(links(name)))

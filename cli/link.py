"""`crosshook link`: cut, heal and delay the links between running regions."""

import click

from cli.help import VerbatimGroup
from cli.running import DEFAULT_NAME, do, links, name_option
from cli.tables import WideConsole, links_table
from deploy.local.control.messages import CutRegion, DelayPair, HealRegion


@click.group(cls=VerbatimGroup)
def link() -> None:
    """Cut, heal and delay the links between running regions.

    A cut is what a partition is: nothing passes either way, open connections stay
    open, new ones get no answer, and nobody is told. Nothing is lost: what was
    under way arrives after the heal.

    Examples:
      crosshook link status
      crosshook link cut asia-japan
      crosshook link heal asia-japan
      crosshook link delay us-iowa europe-belgium 400
    """


_region = click.argument("region", envvar="CROSSHOOK_REGION")
"""Beside a process of a region, that is the one that is meant."""


@link.command()
@_region
@name_option
def cut(region: str, name: str) -> None:
    """Cut REGION off from all others; without it, the one in $CROSSHOOK_REGION.

    Example: after this a write with `all_regions` is a 408 that names asia-japan,
    and one with `local_region` is a 201 in every region, asia-japan included.
      crosshook link cut asia-japan
    """
    note = do(name, CutRegion(region))
    which = "" if name == DEFAULT_NAME else f" --name {name}"
    click.echo(f"{region} is cut off; " + (note or f"heal it with `crosshook link heal {region}{which}`"))


@link.command()
@_region
@name_option
def heal(region: str, name: str) -> None:
    """Let everything pass again between REGION, or the one in $CROSSHOOK_REGION, and the others.

    Example:
      crosshook link heal asia-japan
    """
    do(name, HealRegion(region))
    click.echo(f"{region} is connected again")


@link.command()
@click.argument("a")
@click.argument("b")
@click.argument("milliseconds", metavar="MS", type=float)
@name_option
def delay(a: str, b: str, milliseconds: float, name: str) -> None:
    """Let a round trip between regions A and B take MS milliseconds from now on.

    Example: a slow day on the Atlantic.
      crosshook link delay us-iowa europe-belgium 400
    """
    note = do(name, DelayPair(a, b, milliseconds))
    click.echo(f"a round trip between {a} and {b} takes {milliseconds:g} ms" + (f": {note}" if note else ""))


@link.command(name="status")
@name_option
def show_status(name: str) -> None:
    """Show each pair's round trip, and which regions are cut off.

    Example:
      crosshook link status
    """
    WideConsole().print(links_table(links(name)))

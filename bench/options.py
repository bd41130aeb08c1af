"""What the commands of `bench` have in common: options, and what is done with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

_Command = TypeVar("_Command", bound=Callable[..., Any])
Option = Callable[[_Command], _Command]


def regions_option(what: str) -> Option[Any]:
    """`--regions`, of which `what` says how many there are."""
    return click.option(
        "--regions", type=click.IntRange(2, 10), default=3, show_default=True, metavar="N", help=f"How many {what}."
    )


round_trip_option = click.option(
    "--rtt",
    type=click.FloatRange(0, 1_000),
    metavar="MS",
    help="Round trip between any two.  [default: what geography makes likely]",
)


def connections_option(what: str) -> Option[Any]:
    """`--connections`: `what` is on them."""
    return click.option("--connections", type=click.IntRange(1, 256), default=32, show_default=True, help=f"{what}.")


def json_option(what: str) -> Option[Any]:
    """`--json`, into which `what` is written."""
    return click.option(
        "--json",
        type=click.Path(dir_okay=False, writable=True, path_type=Path),
        metavar="FILE",
        help=f"Write {what} there too.",
    )


def round_trip_arguments(milliseconds: float | None) -> list[str]:
    """What `crosshook up` is told of the round trips."""
    return [] if milliseconds is None else ["--rtt", str(milliseconds)]


def write_json(report: msgspec.Struct, path: Path | None) -> None:
    """Write what was measured to a file, if one is named."""
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")

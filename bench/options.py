"""The options that the commands of `bench` share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

_Command = TypeVar("_Command", bound=Callable[..., Any])
Option = Callable[[_Command], _Command]


def regions_option(what: str) -> Option[Any]:
    """`--regions`: the number of `what`."""
    return click.option(
        "--regions", type=click.IntRange(2, 10), default=3, show_default=True, metavar="N", help=f"Number of {what}."
    )


round_trip_option = click.option(
    "--rtt",
    type=click.FloatRange(0, 1_000),
    metavar="MS",
    help="Round trip between any two regions.  [default: by geography]",
)


def connections_option(what: str) -> Option[Any]:
    """`--connections`: one for each of `what`."""
    return click.option("--connections", type=click.IntRange(1, 256), default=32, show_default=True, help=f"{what}.")


def json_option(what: str) -> Option[Any]:
    """`--json`: a file for `what`."""
    return click.option(
        "--json",
        type=click.Path(dir_okay=False, writable=True, path_type=Path),
        metavar="FILE",
        help=f"Also write {what} to FILE.",
    )


def round_trip_arguments(milliseconds: float | None) -> list[str]:
    """The option of `crosshook up` for the round trips."""
    return [] if milliseconds is None else ["--rtt", str(milliseconds)]


def write_json(report: msgspec.Struct, path: Path | None) -> None:
    """Write the report to a file, if the command line names one."""
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")

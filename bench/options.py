"""The options that the commands of `bench` share."""

from collections.abc import Callable, Mapping
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


def rounds_option(*, whole: int, quick: int) -> Option[Any]:
    """`--rounds`: `whole` of them, or `quick` with `--quick`."""
    return click.option(
        "--rounds",
        type=click.IntRange(2, 1_000),
        metavar="N",
        help=f"Rounds.  [default: {whole}; with --quick {quick}]",
    )


def seconds_option(*, whole: float, quick: float) -> Option[Any]:
    """`--seconds`: `whole` for each load, or `quick` with `--quick`."""
    return click.option(
        "--seconds",
        type=click.FloatRange(0.1, 60),
        metavar="S",
        help=f"Seconds of each load in a round.  [default: {whole:g}; with --quick {quick:g}]",
    )


def json_option(what: str) -> Option[Any]:
    """`--json`: a file for `what`."""
    return click.option(
        "--json",
        type=click.Path(dir_okay=False, writable=True, path_type=Path),
        metavar="FILE",
        help=f"Also write {what} to FILE.",
    )


markdown_option = click.option(
    "--markdown",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Also write the tables to FILE.",
)

pictures_option = click.option(
    "--pictures",
    type=click.Path(file_okay=False, writable=True, path_type=Path),
    metavar="DIR",
    help="Also draw the pictures, as SVG files in DIR.",
)


def round_trip_arguments(milliseconds: float | None) -> list[str]:
    """The option of `crosshook up` for the round trips."""
    return [] if milliseconds is None else ["--rtt", str(milliseconds)]


def write_json(report: msgspec.Struct, path: Path | None) -> None:
    """Write the report to a file, if the command line names one."""
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def write_markdown(text: str, path: Path | None) -> None:
    """Print the tables, and write them to a file, if the command line names one."""
    click.echo(text, nl=False)
    if path is not None:
        path.write_text(text, encoding="utf-8")


def write_pictures(pictures: Mapping[str, str], directory: Path | None) -> None:
    """Write the pictures into a directory, if the command line names one."""
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures.items():
            (directory / name).write_text(picture, encoding="utf-8")

"""`python -m bench draw`: the tables and pictures of an earlier run."""

from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

import click
import msgspec

from bench.curve import ScaleReport
from bench.options import markdown_option, pictures_option, write_markdown, write_pictures
from bench.pictures import pictures
from bench.report import Report
from bench.scale_pictures import scale_pictures
from bench.scale_table import scale_markdown
from bench.table import markdown
from cli.help import VerbatimCommand


@click.command(cls=VerbatimCommand)
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@markdown_option
@pictures_option
def draw(file: Path, **written: Path | None) -> None:
    """Make the tables and pictures of an earlier run again.

    FILE is what --json of `figures` or `scale` wrote. It measures nothing.

    Examples:
      python -m bench draw figures.json
      python -m bench draw figures.json --pictures docs/images
    """
    try:
        report = msgspec.json.decode(file.read_bytes(), type=Report | ScaleReport)
    except msgspec.DecodeError as error:
        raise click.ClickException(f"{file}: expected what `--json` wrote: {error}") from error
    text, drawn = _shown(report)
    write_markdown(text, written["markdown"])
    write_pictures(drawn, written["pictures"])


def _shown(report: Report | ScaleReport) -> tuple[str, Mapping[str, str]]:
    match report:
        case Report():
            return markdown(report), pictures(report)
        case ScaleReport():
            return scale_markdown(report), scale_pictures(report)
        case _:
            assert_never(report)

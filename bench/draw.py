"""`python -m bench draw`: the tables and pictures of an earlier run."""

from pathlib import Path

import click
import msgspec

from bench.options import markdown_option, pictures_option, write_markdown, write_pictures
from bench.pictures import pictures
from bench.report import Report
from bench.table import markdown
from cli.help import VerbatimCommand


@click.command(cls=VerbatimCommand)
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@markdown_option
@pictures_option
def draw(file: Path, **written: Path | None) -> None:
    """Make the tables and pictures of an earlier run again.

    FILE is what `figures --json` wrote. It measures nothing.

    Examples:
      python -m bench draw figures.json
      python -m bench draw figures.json --pictures docs/images
    """
    try:
        report = msgspec.json.decode(file.read_bytes(), type=Report)
    except msgspec.DecodeError as error:
        raise click.ClickException(f"{file}: expected what `figures --json` wrote: {error}") from error
    write_markdown(markdown(report), written["markdown"])
    write_pictures(pictures(report), written["pictures"])

"""The tables that the commands print. They fit a terminal of 80 columns."""

import errno
import os
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from rich import box
from rich.console import Console
from rich.table import Table

from deploy.local.control.messages import LinksStatus, ProcessStatus, Status

_WIDTH_MIN = 80
_NAMED_COLUMNS_MAX = 4
"""With more regions than this, numbers stand for the names above the columns."""


class TableConsole(Console):
    """A console with room for our tables: a narrower terminal breaks a line, and no address is shortened."""

    def __init__(self) -> None:
        super().__init__(highlight=False)
        self.width = max(_WIDTH_MIN, self.width)

    def on_broken_pipe(self) -> None:
        """Raise an ordinary error when the reader is gone. Rich would exit at once, and leave processes running."""
        self.quiet = True
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def regions_table(status: Status) -> Table:
    """Each region's addresses, as `host:port`."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("region", "HTTP", "NATS", "Redis"):
        table.add_column(heading, no_wrap=True)
    for region in status.regions:
        table.add_row(region.name, _addresses(region.services), _addresses(region.nats), _addresses([region.redis]))
    return table


def links_table(links: LinksStatus) -> Table:
    """Each pair's round trip in milliseconds. A cell is `cut` if nothing passes, and empty if there is no link."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("round trip in ms", no_wrap=True)
    are_many = len(links.regions) > _NAMED_COLUMNS_MAX
    for number, region in enumerate(links.regions, start=1):
        table.add_column(str(number) if are_many else region, justify="right")
    milliseconds = {frozenset({trip.a, trip.b}): trip.milliseconds for trip in links.round_trips}
    for number, row in enumerate(links.regions, start=1):
        label = f"{number:2} {row}" if are_many else row
        table.add_row(label, *(_cell(row, column, links.cut, milliseconds) for column in links.regions))
    return table


def _cell(row: str, column: str, cut: Collection[str], milliseconds: Mapping[frozenset[str], float]) -> str:
    if row == column:
        return "-"
    pair = frozenset({row, column})
    if pair not in milliseconds:
        return ""
    return "cut" if row in cut or column in cut else f"{milliseconds[pair]:g}"


def _addresses(processes: list[ProcessStatus]) -> str:
    return "\n".join(urlsplit(process.url).netloc for process in processes) or "-"

"""What runs, as tables."""

import errno
import os
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.admin_api import ApiKey
from deploy.local.control_messages import ProcessStatus, RegionStatus, Status

_WIDTH_MIN = 100
_NAMED_COLUMNS_MAX = 4
"""With more regions than this the columns are numbered like the rows."""


class WideConsole(Console):
    """A console that rather lets a terminal break a line than shortens an address."""

    def __init__(self) -> None:
        super().__init__(highlight=False)
        self.width = max(_WIDTH_MIN, self.width)

    def on_broken_pipe(self) -> None:
        """Nobody reads any more: an error like any other, not rich's exit on the spot, so that all is put away."""
        self.quiet = True
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def regions_table(status: Status) -> Table:
    """Each region's addresses."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("region", "HTTP", "NATS", "Redis"):
        table.add_column(heading, no_wrap=True)
    for region in status.regions:
        nats = "\n".join(server.url for server in region.nats)
        table.add_row(region.name, _urls(region.services), nats, region.redis.url)
    return table


def links_table(status: Status) -> Table:
    """Each pair's round trip in milliseconds; `cut` where nothing passes."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("round trip in ms", no_wrap=True)
    are_many = len(status.regions) > _NAMED_COLUMNS_MAX
    for number, region in enumerate(status.regions, start=1):
        table.add_column(str(number) if are_many else region.name, justify="right")
    milliseconds = {frozenset({trip.a, trip.b}): trip.milliseconds for trip in status.round_trips}
    for number, row in enumerate(status.regions, start=1):
        label = f"{number:2} {row.name}" if are_many else row.name
        table.add_row(label, *(_cell(row, column, milliseconds) for column in status.regions))
    return table


def keys_table(keys: Iterable[ApiKey]) -> Table:
    """Each API key's id, when it was issued, and its name, whatever that is made of."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("API key", "issued"):
        table.add_column(heading, no_wrap=True)
    table.add_column("name", overflow="fold")
    for key in keys:
        table.add_row(key.id, key.created_at, Text(_printable(key.name)))
    return table


def _printable(text: str) -> str:
    """Without what would move a terminal's cursor."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _cell(row: RegionStatus, column: RegionStatus, milliseconds: dict[frozenset[str], float]) -> str:
    if row.name == column.name:
        return "-"
    if row.is_cut or column.is_cut:
        return "cut"
    return f"{milliseconds[frozenset({row.name, column.name})]:g}"


def _urls(processes: list[ProcessStatus]) -> str:
    return " ".join(process.url for process in processes) or "-"

"""What runs, as tables."""

from rich import box
from rich.table import Table

from deploy.local.control_messages import ProcessStatus, RegionStatus, Status


def regions_table(status: Status) -> Table:
    """Each region's addresses."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("region", "HTTP", "NATS", "Redis"):
        table.add_column(heading, no_wrap=True)
    for region in status.regions:
        table.add_row(region.name, _urls(region.services), region.nats.url, region.redis.url)
    return table


def links_table(status: Status) -> Table:
    """Each pair's round trip in milliseconds; `cut` where nothing passes."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("round trip in ms", no_wrap=True)
    for region in status.regions:
        table.add_column(region.name, justify="right")
    milliseconds = {frozenset({trip.a, trip.b}): trip.milliseconds for trip in status.round_trips}
    for row in status.regions:
        table.add_row(row.name, *(_cell(row, column, milliseconds) for column in status.regions))
    return table


def _cell(row: RegionStatus, column: RegionStatus, milliseconds: dict[frozenset[str], float]) -> str:
    if row.name == column.name:
        return "-"
    if row.is_cut or column.is_cut:
        return "cut"
    return f"{milliseconds[frozenset({row.name, column.name})]:g}"


def _urls(processes: list[ProcessStatus]) -> str:
    return " ".join(process.url for process in processes) or "-"

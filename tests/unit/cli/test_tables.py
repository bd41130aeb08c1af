"""The tables fit a terminal of 80 columns, whatever is in them."""

from rich.table import Table

from cli.tables import TableConsole, links_table, regions_table
from deploy.local.control.messages import LinksStatus, ProcessStatus, RegionStatus, RoundTripStatus, Status
from deploy.local.network.geography import REGIONS_MAX, plausible_round_trips, region_names


def lines_of(table: Table) -> list[str]:
    console = TableConsole()
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().splitlines()]


def process(scheme: str, port: int, *, path: str = "") -> ProcessStatus:
    return ProcessStatus(name="", url=f"{scheme}://127.0.0.1:{port}{path}", pid=1)


def region(name: str, *, nats_servers: int) -> RegionStatus:
    """A region whose ports have five digits."""
    nats = [process("nats", 20_000 + number) for number in range(nats_servers)]
    services = [process("http", 65_500)]
    return RegionStatus(name, False, "", nats, process("redis", 30_000, path="/0"), services, [])  # noqa: FBT003


def test_every_address_of_the_most_regions_fits_80_columns() -> None:
    regions = [region(name, nats_servers=3) for name in region_names(REGIONS_MAX)]
    lines = lines_of(regions_table(Status(data="", admin_key="", regions=regions, round_trips=[])))
    assert max(map(len, lines)) <= 80
    shown = "\n".join(lines)
    assert shown.count("127.0.0.1:65500") == REGIONS_MAX
    for address in ("127.0.0.1:20000", "127.0.0.1:20002", "127.0.0.1:30000"):
        assert address in shown


def test_the_round_trips_of_any_number_of_regions_fit_80_columns() -> None:
    for count in range(2, REGIONS_MAX + 1):
        names = region_names(count)
        trips = [RoundTripStatus(a=a, b=b, milliseconds=value) for a, b, value in plausible_round_trips(names)]
        lines = lines_of(links_table(LinksStatus(regions=list(names), cut=[], round_trips=trips)))
        assert max(map(len, lines)) <= 80

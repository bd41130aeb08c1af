"""The figures, as a table and as JSON."""

import os
import platform

import msgspec
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.measures import Everywhere, Local, Recovery
from bench.samples import Latency


class Machine(msgspec.Struct, frozen=True):
    """The machine that was measured. `load` is the one-minute average before the first request."""

    cpus: int
    python: str
    load: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All figures."""

    machine: Machine
    one_connection: Local
    everywhere: list[Everywhere]
    many_connections: Local
    recovery: Recovery | None


def this_machine() -> Machine:
    """This machine and its load now."""
    load, _, _ = os.getloadavg()
    return Machine(cpus=os.cpu_count() or 1, python=platform.python_version(), load=round(load, 2))


def report_view(report: Report) -> Group:
    """One table, and the machine."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("creating triggers")
    for heading in ("p50 ms", "p90 ms", "p99 ms", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    for measured in (report.one_connection, report.many_connections):
        callers = "1 caller" if measured.connections == 1 else f"{measured.connections} callers"
        table.add_row(f"local_region, {callers}", *_latency(measured.latency), f"{measured.per_second:,.0f}/s")
    for far in report.everywhere:
        ratio = "" if far.ratio is None else f"{far.ratio:.3f} x {far.round_trip_milliseconds:g} ms"
        table.add_row(f"all_regions, from {far.region}", *_latency(far.latency), ratio)
    return Group(table, *(Text(line) for line in _lines(report)))


def _latency(latency: Latency) -> tuple[str, str, str]:
    return f"{latency.p50_milliseconds:.2f}", f"{latency.p90_milliseconds:.2f}", f"{latency.p99_milliseconds:.2f}"


def _lines(report: Report) -> list[str]:
    lines = ["x: the p50 as a multiple of the round trip to the farthest region."]
    if (found := report.recovery) is not None:
        lines.append(
            f"After a cut of {found.cut_seconds:g} s, {found.region} had {found.other}'s write "
            f"{found.fed_after_seconds:.2f} s after the heal, and {found.other} had {found.region}'s write "
            f"after {found.heard_after_seconds:.2f} s."
        )
    machine = report.machine
    lines.append(
        f"{machine.cpus} CPUs for servers, processes, links and callers together; Python {machine.python}; "
        f"load before the first request {machine.load}."
    )
    return lines

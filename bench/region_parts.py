"""The parts of `python -m bench figures` that measure regions without a peer, each on regions of its own."""

from collections.abc import Callable

from rich.console import Console

from bench.catch_up import CatchUp, catch_up
from bench.extent import Extent
from bench.over_links import OverLinks, over_links
from bench.progress import reporter
from bench.rebuild import Rebuild, rebuild
from bench.recovery import Recovery, recovery
from bench.regions import WITHOUT_DELAYS, counted, running_regions
from bench.space import Space, space
from bench.waiting import Waiting, settings_for, waiting

PER_SECOND_OVER_LINKS = 100.0
REPORTED_EVENTS = 50_000
"""After so many stored events, progress is printed."""


def measured_links(extent: Extent, progress: Console) -> list[OverLinks]:
    """`all_regions` over links, for each number of regions."""
    return [_links(count, extent, progress) for count in extent.linked_regions]


def _links(count: int, extent: Extent, progress: Console) -> OverLinks:
    progress.print(f"starting {counted(count)} with delays")
    with running_regions(count=count, options=()) as regions:
        progress.print(f"all_regions, {PER_SECOND_OVER_LINKS:g} a second for {extent.links_seconds:g} s")
        return over_links(regions, per_second=PER_SECOND_OVER_LINKS, seconds=extent.links_seconds)


def measured_cut(extent: Extent, progress: Console) -> Recovery:
    """One write on each side of a cut."""
    progress.print("starting 3 regions with delays")
    with running_regions(count=3, options=()) as regions:
        progress.print(f"cutting {regions.names[-1]} off for {extent.cut_seconds:g} s")
        return recovery(regions, cut_seconds=extent.cut_seconds)


def measured_rebuild(extent: Extent, progress: Console) -> Rebuild:
    """A rebuild in turn with the script alone."""
    progress.print(f"starting 1 region, storing {extent.rebuild_events:,} events")
    with running_regions(count=1, options=WITHOUT_DELAYS) as regions:
        report = reporter(2 * extent.rebuild_rounds, "rebuild", progress)
        return rebuild(
            regions,
            events=extent.rebuild_events,
            rounds=extent.rebuild_rounds,
            stored=_stored(progress),
            report=report,
        )


def measured_catch_up(extent: Extent, progress: Console) -> CatchUp:
    """Everything everywhere after a cut."""
    progress.print("starting 3 regions with delays")
    with running_regions(count=3, options=()) as regions:
        cut = f"cutting {regions.names[-1]} off for {extent.behind_seconds:g} s"
        progress.print(f"{cut}, storing {extent.behind_events:,} events there")
        return catch_up(
            regions, cut_seconds=extent.behind_seconds, events=extent.behind_events, report=_stored(progress)
        )


def measured_waiting(extent: Extent, progress: Console) -> Waiting:
    """Many requests that wait for a region."""
    requests = extent.waiting_requests
    progress.print("starting 2 regions")
    with running_regions(count=2, options=WITHOUT_DELAYS, settings=settings_for(requests)) as regions:
        progress.print(f"{requests:,} requests wait for {regions.names[-1]}")
        return waiting(regions, requests=requests, idle_seconds=extent.idle_seconds)


def measured_space(progress: Console) -> Space:
    """The bytes of triggers. They are as many with `--quick`."""
    progress.print("starting 1 region, storing triggers")
    with running_regions(count=1, options=WITHOUT_DELAYS) as regions:
        return space(regions, report=_stored(progress))


def _stored(progress: Console) -> Callable[[int], None]:
    """A function that takes the number of stored events, and prints some of them."""

    def report(events: int) -> None:
        if events % REPORTED_EVENTS == 0:
            progress.print(f"{events:,} events stored")

    return report

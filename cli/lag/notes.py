"""What the cells of the table of lag have no room for, in words. Pure."""

from collections.abc import Iterator

from cli.lag.cells import Applied, OtherLog, Snapshot, cell, lacking
from core.positions import Region


def notes(snapshot: Snapshot) -> Iterator[str]:
    """The regions that are cut off, halted, rebuilding or waiting, what is not known or lost, and the reasons."""
    for region in snapshot.regions:
        yield from _of_what_is_not_known(snapshot, region)
    yield from _of_logs(snapshot)
    for region in snapshot.regions:
        if (applied := snapshot.applied.get(region)) is not None:
            yield from _of_its_work(region, applied)
            yield from _without_nats(snapshot, region)
            yield from _of_other_logs(snapshot, region)


def _of_what_is_not_known(snapshot: Snapshot, region: Region) -> Iterator[str]:
    if region in snapshot.cut:
        yield f"{region}: cut off from the other regions"
    missing = [
        what
        for what, known in (("where its log ends", snapshot.ends), ("what it has applied", snapshot.applied))
        if region not in known
    ]
    if missing:
        why = snapshot.unknown.get(region, "no answer")
        yield f"{region}: {why}; not known: {' and '.join(missing)}"


def _of_logs(snapshot: Snapshot) -> Iterator[str]:
    """Which logs lack events. A watermark beyond a log's end may be newer than that; of a halted origin it is not."""
    halted = {origin for applied in snapshot.applied.values() for origin in applied.halted}
    for origin, end in snapshot.ends.items():
        if (end.missing or origin in halted) and (events := lacking(snapshot, origin)):
            yield f"{origin}: its log lacks {events} {'event' if events == 1 else 'events'} that it had"


def _of_its_work(region: Region, applied: Applied) -> Iterator[str]:
    if not applied.is_current:
        yield f"{region}: rebuilding its projection; it answers 503 until that is current"
    if applied.refused:
        yield f"{region}: its Redis takes no writes: {applied.refused}"
    for origin, why in applied.halted.items():
        yield f"{region}: halted for {origin}: {why}"
    for origin, why in applied.waiting.items():
        yield f"{region}: waits for {origin} to {why}"


def _without_nats(snapshot: Snapshot, region: Region) -> Iterator[str]:
    """Whose NATS a region has no connection to. Where it is gone for its own region, that says it all."""
    for origin in snapshot.applied[region].not_connected:
        if region == origin:
            yield f"{region}: cannot reach its own NATS; it takes no writes"
        elif origin not in snapshot.applied or origin not in snapshot.applied[origin].not_connected:
            yield f"{region}: has no connection to the NATS of {origin}"


def _of_other_logs(snapshot: Snapshot, region: Region) -> Iterator[str]:
    for origin in snapshot.regions:
        if isinstance(cell(snapshot, region=region, origin=origin).lag, OtherLog):
            yield f"{region}: has applied events of a log that {origin} does not have any more"

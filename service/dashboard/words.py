"""The notes of the page: halts that need an operator, silent regions, unknown lags, waiting steps. Pure.

Notes that differ only in their regions are merged. No note names an organization or quotes a server.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from adapters.server_patches import NAMES, Kind
from core.positions import Region
from core.topology import RegionState, Topology
from runtime.health import Health, NotReady
from service.dashboard.messages import Note, Urgency
from service.lag.matrix import Certainty
from service.lag.sampling import LagSample
from service.watermarks.heard import Heard

HALTED = {
    "went_back": "its log ends before an event that was read from it",
    "forked": "its log has another event in the place of one that was read",
    "epoch_changed": "its log is not the one that was read before",
    "lost": "its log no longer exists",
    "incomplete": "its log, or the copy of it there, lacks events",
    "undecodable": "its log has an event that this version does not know",
}
"""The first word of a halt's reason -> its meaning.

The rest of the reason may come from an event, so no note shows it.
"""

STEPS = {"ship": "copy", "apply": "apply"}
"""The step that waits -> its verb."""

KINDS_OF_REDIS = ("this Redis is a cluster", "this Redis is a replica")
"""The kinds of Redis that cannot hold a projection, as a process reports them."""


def notes(sample: LagSample, *, topology: Topology, health: Health) -> list[Note]:
    """All notes, the most urgent first."""
    found = [
        *_of_here(sample, health),
        *_unheard(sample, topology, health),
        *_of_those_heard(sample),
        *_other_logs(sample),
        *_not_connected(sample, topology),
        *_outdated(sample, health),
        *_joining(topology),
    ]
    return sorted(found, key=lambda note: list(Urgency).index(note.urgency))


def _of_here(sample: LagSample, health: Health) -> Iterator[Note]:
    known = sample.known
    here = known.here
    if health.waiting_for:
        waited_for = ", and for ".join(_without_details(what) for what in health.waiting_for)
        answer = " Meanwhile writes here return 408." if health.not_ready.keys() == {NotReady.UNWRITABLE} else ""
        yield Note(Urgency.WARNING, f"This service is not fully ready: it waits for {waited_for}.{answer}")
    if here in health.halted:
        why = _meaning(health.halted[here])
        yield Note(Urgency.ALARM, f"Writes to {here}'s log are stopped, and an operator must act: {why}.")
    if not known.is_heard(here):
        unknown = " It is not known what this region has applied since."
        yield Note(Urgency.WARNING, _without_replicator(sample, health) + unknown + _writes_here(health))


def _without_replicator(sample: LagSample, health: Health) -> str:
    """This region's own replicators are not heard, with the possible causes. Nothing is blamed without proof."""
    here = sample.known.here
    since = _since(sample, here)
    if NotReady.NATS in health.not_ready:
        return f"Without the NATS of {here} this service has heard no replicator of {here} since {since}."
    return f"No replicator of {here} has been heard since {since}: none runs, or Redis or NATS does not answer it."


def _writes_here(health: Health) -> str:
    if health.is_draining:
        return ""
    if not _takes_writes(health):
        return " Writes here return 503, and nothing is done."
    return " Meanwhile writes here return 408; or 503, and nothing is done, if Redis does not answer."


def _takes_writes(health: Health) -> bool:
    """Whether the log takes events, whatever the state of the projection."""
    return not health.is_draining and not health.not_ready.keys() - {NotReady.PROJECTION, NotReady.UNWRITABLE}


def _unheard(sample: LagSample, topology: Topology, health: Health) -> Iterator[Note]:
    known = sample.known
    others = [region for region in known.regions if region != known.here]
    silent = [region for region in others if not known.is_heard(region)]
    if not silent:
        return
    since = ", ".join(f"{region} since {_since(sample, region)}" for region in silent)
    if silent == others:
        what = f"{known.here} hears no other region: {since}. {_apart(sample, health)}"
    else:
        what = f"Not heard: {since}."
    one = len(silent) == 1
    logs, them, they_have = ("its log ends", "it", "it has") if one else ("their logs end", "them", "they have")
    unknown = (
        f" Not known from here: where {logs} by now, how far any region is behind {them}, and what {they_have} "
        "applied since."
    )
    apart = "".join(f" {sentence}" for sentence in _without_connection(sample, to=silent))
    waits = f" Writes with all_regions wait for {them}."
    is_waited_for = _takes_writes(health) and topology.waited_for().intersection(silent)
    yield Note(Urgency.WARNING, what + unknown + apart + (waits if is_waited_for else ""))


def _apart(sample: LagSample, health: Health) -> str:
    """Why no other region is heard, and what still works."""
    known = sample.known
    arrives = "What it misses arrives when it hears them again."
    if NotReady.NATS in health.not_ready:
        return f"It hears them through its own NATS. {arrives}"
    if not health.is_ready or not known.is_heard(known.here):
        return f"Either it is cut off, or they are. {arrives}"
    return f"Either it is cut off, or they are. It still serves reads and local_region writes. {arrives}"


def _of_those_heard(sample: LagSample) -> Iterator[Note]:
    heard = {region: sample.known.heard[region] for region in sample.known.regions if sample.known.is_heard(region)}
    if rebuilding := [region for region, one in heard.items() if not one.is_current]:
        whose, it = ("its projection", "it") if len(rebuilding) == 1 else ("their projections", "one")
        text = f"{_are(rebuilding)} rebuilding {whose}. Requests that need {it} are answered 503 until it is current."
        yield Note(Urgency.WARNING, text)
    if refusing := [region for region, one in heard.items() if one.refused and region != sample.known.here]:
        take = "takes" if len(refusing) == 1 else "take"
        text = f"The Redis of {_and(refusing)} {take} no writes. Events from all regions wait there to be applied."
        yield Note(Urgency.WARNING, text)
    yield from _waiting(heard)
    yield from _halted(heard)


def _waiting(heard: dict[Region, Heard]) -> Iterator[Note]:
    """The origins whose step waits, merged by step and region. A reason may come from an event, so no note shows it."""
    origins: dict[tuple[Region, str], list[Region]] = defaultdict(list)
    for region, one in heard.items():
        for origin, text in one.waiting.items():
            origins[region, STEPS.get(text.partition(":")[0], "process")].append(origin)
    for (region, verb), those in origins.items():
        logs = "log" if len(those) == 1 else "logs"
        text = f"{region} cannot {verb} the {logs} of {_and(those)} at the moment, and keeps trying."
        yield Note(Urgency.WARNING, f"{text} Its replicators' /readyz has the reason.")


def _halted(heard: dict[Region, Heard]) -> Iterator[Note]:
    """The origins that are halted, merged by origin and reason."""
    regions: dict[tuple[Region, str], list[Region]] = defaultdict(list)
    for region, one in heard.items():
        for origin, reason in one.halted.items():
            regions[origin, _meaning(reason)].append(region)
    for (origin, meaning), those in regions.items():
        have, they = ("has", "It continues") if len(those) == 1 else ("have", "They continue")
        text = f"{_and(those)} {have} halted {origin}: {meaning}. {they} with every other origin."
        yield Note(Urgency.ALARM, text)


def _other_logs(sample: LagSample) -> Iterator[Note]:
    regions: dict[Region, list[Region]] = defaultdict(list)
    for pair, lag in sample.lags.items():
        if lag.certainty is Certainty.OTHER_LOG:
            regions[pair.origin].append(pair.behind)
    for origin, those in regions.items():
        have = "has" if len(those) == 1 else "have"
        yield Note(Urgency.ALARM, f"{_and(those)} {have} applied events of a log that {origin} no longer has.")


def _not_connected(sample: LagSample, topology: Topology) -> Iterator[Note]:
    """The regions that are heard, and to whose NATS some region has no connection.

    If its own region has none, one note says it all. The note about a silent region has its own sentence.
    """
    known = sample.known
    heard = [region for region in known.regions if known.is_heard(region)]
    alone = [region for region in heard if region in known.heard[region].not_connected]
    for region in alone:
        waits = " Writes with all_regions wait for it." if region in topology.waited_for() else ""
        yield Note(Urgency.WARNING, f"{region} cannot reach its own NATS: it takes no writes.{waits}")
    for sentence in _without_connection(sample, to=[region for region in heard if region not in alone]):
        yield Note(Urgency.WARNING, f"{sentence} What is written there arrives once there is a connection.")


def _without_connection(sample: LagSample, *, to: Iterable[Region]) -> Iterator[str]:
    """The regions that have no connection to the NATS of those in `to`, a sentence for each such group."""
    known = sample.known
    groups: dict[tuple[Region, ...], list[Region]] = defaultdict(list)
    for region in to:
        without = [one for one in known.regions if known.is_heard(one) and region in known.heard[one].not_connected]
        if without:
            groups[tuple(without)].append(region)
    for those, regions in groups.items():
        have = "has" if len(those) == 1 else "have"
        yield f"{_and(those)} {have} no connection to the NATS of {_and(regions)}."


def _outdated(sample: LagSample, health: Health) -> Iterator[Note]:
    """The servers of this region that lack security fixes. Their versions are in `/readyz`."""
    for kind in health.outdated:
        text = f"The {NAMES[Kind(kind)]} of {sample.known.here} lacks security fixes. Replace it:"
        yield Note(Urgency.WARNING, f"{text} this service's /readyz says which release has them.")


def _joining(topology: Topology) -> Iterator[Note]:
    joining = [region for region, config in topology.regions.items() if config.state is RegionState.JOINING]
    if joining:
        them, they = ("it", "It receives") if len(joining) == 1 else ("them", "They receive")
        text = f"{_are(joining)} joining. {they} events and can serve, and no write waits for {them}."
        yield Note(Urgency.NOTE, text)


def _and(regions: Iterable[Region]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = regions
    return f"{', '.join(first)} and {last}" if first else last


def _are(regions: list[Region]) -> str:
    return f"{_and(regions)} {'is' if len(regions) == 1 else 'are'}"


def since_milliseconds(sample: LagSample, seconds: float) -> int:
    """The time `seconds` before the sample, in milliseconds since 1970."""
    return sample.at_milliseconds - round(1_000 * seconds)


def _since(sample: LagSample, region: Region) -> str:
    known = sample.known
    milliseconds = since_milliseconds(sample, known.now_seconds - known.heard_at_seconds(region))
    at = datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%H:%M:%S UTC")
    return at if region in known.heard else f"this service began to listen at {at}"


def _meaning(reason: str) -> str:
    return HALTED.get(reason.partition(":")[0], "the reason is in its log and in its replicators' /readyz")


def _without_details(what: str) -> str:
    """The reason for a wait without the words of a server, but with the kind of a Redis that cannot be used."""
    head, _, details = what.partition(": ")
    if kind := next((kind for kind in KINDS_OF_REDIS if details.startswith(kind)), ""):
        return f"{head} ({kind})"
    return re.split(r"[:(]", what, maxsplit=1)[0].strip()

"""What is the matter, in words: who is not heard and what that leaves unknown, who is halted or rebuilding. Pure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from core.positions import Region
from core.topology import RegionState, Topology
from runtime.health import Health, NotReady
from service.dashboard.messages import Note, Urgency
from service.lag.matrix import Certainty
from service.lag.sampling import LagSample

HALTED = {
    "went_back": "its log ends before an event that was read from it",
    "forked": "another event stands in its log where one was read",
    "epoch_changed": "its log is another one than the one that was read",
    "lost": "it has no log where one was read",
    "incomplete": "its log, or the copy of it there, lacks events",
    "undecodable": "an event of it is none that this version knows",
}
"""The reason that a halt begins with -> what it means. What follows it may be from an event, and is nobody's to see."""

STEPS = {"ship": "copy the log of", "apply": "apply the log of"}
"""The step that waits -> what it does."""

KINDS_OF_REDIS = ("this Redis is a cluster", "this Redis is a replica")
"""What a process finds its Redis to be that cannot hold a projection."""


def notes(sample: LagSample, *, topology: Topology, health: Health) -> list[Note]:
    """Everything that there is to say, the most urgent first."""
    said = [
        *_of_here(sample, health),
        *_unheard(sample, topology, health),
        *_of_those_heard(sample),
        *_not_connected(sample, topology),
        *_joining(topology),
    ]
    return sorted(said, key=lambda note: list(Urgency).index(note.urgency))


def _of_here(sample: LagSample, health: Health) -> Iterator[Note]:
    known = sample.known
    here = known.here
    if health.waiting_for:
        waited_for = ", and for ".join(_without_details(what) for what in health.waiting_for)
        answer = " Writes here are a 408 meanwhile." if health.not_ready.keys() == {NotReady.UNWRITABLE} else ""
        yield Note(Urgency.WARNING, f"This service cannot do all of its work: it waits for {waited_for}.{answer}")
    if here in health.halted:
        why = _meaning(health.halted[here])
        yield Note(Urgency.ALARM, f"Nothing is written to {here}'s log before somebody has looked at it: {why}.")
    if not known.is_heard(here):
        unknown = " Not known: what this region has applied since."
        yield Note(Urgency.WARNING, _without_replicator(sample, health) + unknown + _writes_here(health))


def _without_replicator(sample: LagSample, health: Health) -> str:
    """That this region's own replicators are not heard, and what may be the cause. Nobody is blamed without proof."""
    here = sample.known.here
    since = _since(sample, here)
    if NotReady.NATS in health.not_ready:
        return f"Without the NATS of {here} this service has heard no replicator of {here} itself since {since}."
    return (
        f"No replicator of {here} itself has been heard since {since}: none runs, or Redis or NATS does not answer it."
    )


def _writes_here(health: Health) -> str:
    if health.is_draining:
        return ""
    if not _takes_writes(health):
        return " Writes here are a 503; nothing is done."
    return " Writes here are a 408 meanwhile; a 503, and nothing is done, where Redis does not answer."


def _takes_writes(health: Health) -> bool:
    """Whether the log takes events, however it is with the projection."""
    return not health.is_draining and not health.not_ready.keys() - {NotReady.PROJECTION, NotReady.UNWRITABLE}


def _unheard(sample: LagSample, topology: Topology, health: Health) -> Iterator[Note]:
    known = sample.known
    others = [region for region in known.regions if region != known.here]
    silent = [region for region in others if not known.is_heard(region)]
    if not silent:
        return
    since = ", ".join(f"{region} since {_since(sample, region)}" for region in silent)
    if silent == others:
        who = f"{known.here} hears no other region: {since}. {_apart(sample, health)}"
    else:
        who = f"Not heard: {since}."
    owners, whom, they = ("its log ends", "it", "it has")
    if len(silent) > 1:
        owners, whom, they = ("their logs end", "them", "they have")
    unknown = (
        f" Not known from here: where {owners} by now, so how far any region is behind {whom}; "
        f"and what {they} applied since."
    )
    waits = f" Writes with all_regions wait for {whom}."
    is_waited_for = _takes_writes(health) and topology.waited_for().intersection(silent)
    yield Note(Urgency.WARNING, who + unknown + (waits if is_waited_for else ""))


def _apart(sample: LagSample, health: Health) -> str:
    """Why no other region is heard, and what goes on all the same."""
    known = sample.known
    comes = "What it misses comes when it hears them again."
    if NotReady.NATS in health.not_ready:
        return f"Its own NATS is what it would hear them by. {comes}"
    if not health.is_ready or not known.is_heard(known.here):
        return f"It is cut off, or they are. {comes}"
    return f"It is cut off, or they are. It serves reads and local_region writes as ever. {comes}"


def _of_those_heard(sample: LagSample) -> Iterator[Note]:
    known = sample.known
    for region in known.regions:
        heard = known.heard.get(region)
        if heard is None or not known.is_heard(region):
            continue
        if not heard.is_current:
            text = f"{region} is rebuilding its projection. It answers 503 to what needs it until that is current."
            yield Note(Urgency.WARNING, text)
        if heard.refused and region != known.here:
            text = f"The Redis of {region} takes no writes. What is written anywhere waits there to be applied."
            yield Note(Urgency.WARNING, text)
        for origin, text in heard.waiting.items():
            yield Note(Urgency.WARNING, _waits(region, origin, text))
        for origin, reason in heard.halted.items():
            text = f"{region} has halted {origin}: {_meaning(reason)}. It goes on with every other origin."
            yield Note(Urgency.ALARM, text)
    for pair, lag in sample.lags.items():
        if lag.certainty is Certainty.OTHER_LOG:
            text = f"{pair.behind} has applied events of a log that {pair.origin} does not have any more."
            yield Note(Urgency.ALARM, text)


def _waits(region: Region, origin: Region, text: str) -> str:
    """That a step does not get on for now. Its reason may be from an event, and is nobody's to see."""
    does = STEPS.get(text.partition(":")[0], "get on with")
    return f"{region} cannot {does} {origin} for now, and tries again. Its replicators' /readyz says why."


def _not_connected(sample: LagSample, topology: Topology) -> Iterator[Note]:
    """Whose NATS those who are heard have no connection to. Where it is gone for its own region, that says it all."""
    known = sample.known
    for region in known.regions:
        without = [one for one in known.regions if known.is_heard(one) and region in known.heard[one].not_connected]
        if region in without:
            waits = " Writes with all_regions wait for it." if region in topology.waited_for() else ""
            yield Note(Urgency.WARNING, f"{region} cannot reach its own NATS: it takes no writes.{waits}")
        elif without:
            who, have = " and ".join(without), "has" if len(without) == 1 else "have"
            yield Note(
                Urgency.WARNING,
                f"{who} {have} no connection to the NATS of {region}. What is written there arrives when there is one.",
            )


def _joining(topology: Topology) -> Iterator[Note]:
    for region, config in topology.regions.items():
        if config.state is RegionState.JOINING:
            yield Note(Urgency.NOTE, f"{region} is joining: it is fed and serves, and no other region waits for it.")


def since_milliseconds(sample: LagSample, seconds: float) -> int:
    """When it was `seconds` before the sample, in milliseconds since 1970."""
    return sample.at_milliseconds - round(1_000 * seconds)


def _since(sample: LagSample, region: Region) -> str:
    known = sample.known
    milliseconds = since_milliseconds(sample, known.now_seconds - known.heard_at_seconds(region))
    at = datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%H:%M:%S UTC")
    return at if region in known.heard else f"this service began to listen at {at}"


def _meaning(reason: str) -> str:
    return HALTED.get(reason.partition(":")[0], "for a reason that is in its log and in its replicators' /readyz")


def _without_details(what: str) -> str:
    """What is waited for without what a server said, but with what kind of server it is."""
    head, _, details = what.partition(": ")
    if kind := next((kind for kind in KINDS_OF_REDIS if details.startswith(kind)), ""):
        return f"{head} ({kind})"
    return re.split(r"[:(]", what, maxsplit=1)[0].strip()

"""How far a projection is, and the marks that it must reach, as its Redis keeps them."""

from collections.abc import Mapping
from typing import NamedTuple

from core.positions import BEGINNING, Epoch, Mark, Region
from core.positions import Sequence as EventSequence


class Required(NamedTuple):
    """Where a log ended when an incarnation was first seen."""

    epoch: Epoch
    sequence: EventSequence


class Had(NamedTuple):
    """The last event of an origin that this region is known to have had. The region `by` knows it."""

    epoch: Epoch
    sequence: EventSequence
    by: Region


class Contradiction(NamedTuple):
    """An event of this region's own log that the region `by` has applied, and that the log does not have."""

    mark: Mark
    by: Region


class State(NamedTuple):
    """How far a projection is. `incarnation` is `""` if no replicator has seen this data on this Redis yet.

    `tainted` is the `maxmemory-policy` under which its Redis may have dropped registers, `""` if it may not. The
    watermarks must reach `required` and `known` before it is current. With a `contradicted` it is not current, however
    far it gets.
    """

    incarnation: str
    is_current: bool
    is_required_known: bool
    vector: dict[Region, Mark]
    tainted: str = ""
    required: Mapping[Region, Required] = {}
    known: Mapping[Region, Had] = {}
    contradicted: Contradiction | None = None


def state_from(incarnation: str, stored: dict[str, str], *, is_current: bool, is_required_known: bool) -> State:
    """The state that a Redis has stored."""
    return State(
        incarnation,
        is_current,
        is_required_known,
        vector_from(stored),
        tainted=stored.get("tainted", ""),
        required=_required(stored.get("required", "")),
        known=_known(stored.get("known", "")),
        contradicted=_contradiction(stored.get("contradicted", "")),
    )


def vector_from(stored: dict[str, str]) -> dict[Region, Mark]:
    """The watermarks that a Redis has stored."""
    prefix = "mark:"
    origins = (name.removeprefix(prefix) for name in stored if name.startswith(prefix))
    return {
        Region(origin): _mark(stored[prefix + origin], extra=int(stored.get(f"extra:{origin}", "0")))
        for origin in origins
    }


def lines_of_required(ends: Mapping[Region, Mark]) -> str:
    """The ends of logs as they are stored."""
    return "".join(f"{origin} {end.epoch} {end.sequence}\n" for origin, end in ends.items() if end.sequence)


def lines_of_known(known: Mapping[Region, Had]) -> str:
    """The marks that a region is known to have had, as they are stored."""
    return "".join(f"{origin} {had.epoch} {had.sequence} {had.by}\n" for origin, had in known.items())


def line_of_contradiction(contradicted: Contradiction | None) -> str:
    """A contradiction as it is stored."""
    if contradicted is None:
        return ""
    mark = contradicted.mark
    return f"{mark.epoch} {mark.sequence} {mark.fingerprint} {contradicted.by}"


def _required(text: str) -> dict[Region, Required]:
    lines = (line.split(" ") for line in text.splitlines())
    return {Region(origin): Required(Epoch(epoch), EventSequence(int(number))) for origin, epoch, number in lines}


def _known(text: str) -> dict[Region, Had]:
    lines = (line.split(" ") for line in text.splitlines())
    return {
        Region(origin): Had(Epoch(epoch), EventSequence(int(number)), Region(by)) for origin, epoch, number, by in lines
    }


def _contradiction(text: str) -> Contradiction | None:
    if not text:
        return None
    mark, _, by = text.rpartition(" ")
    return Contradiction(_mark(mark), Region(by))


def _mark(text: str, *, extra: int = 0) -> Mark:
    if not text:
        return BEGINNING
    epoch, sequence, fingerprint = text.split(" ")
    return mark_of(epoch, int(sequence), fingerprint, extra=extra)


def mark_of(epoch: str, sequence: int, fingerprint: str, *, extra: int) -> Mark:
    """A mark that a Redis has. Up to it the log has `extra` more events than messages."""
    return Mark(Epoch(epoch), EventSequence(sequence), fingerprint, events=sequence + extra)

"""Whether other regions applied the events that this region's log has. Pure.

A log that was set back gets other events at places that other regions have applied. Their watermarks are as high as
before and mean nothing. A 201 that relied on them would be untrue.
"""

from collections.abc import Callable
from enum import Enum, auto

from adapters.errors import Forked, WentBack
from core.positions import NOTHING, Mark, Region, Sequence


class Recognition(Enum):
    """How a mark of this region's log relates to the events that this process read.

    AHEAD: after all of them. TOO_OLD: before all that are remembered.
    """

    OURS = auto()
    AHEAD = auto()
    TOO_OLD = auto()
    FOREIGN = auto()


class ForkDetection:
    """Sorts the regions' marks: believed ones, ones to examine, and ones that contradict this region's log."""

    def __init__(self, recognize: Callable[[Mark], Recognition]) -> None:
        self._recognize = recognize
        self._verified: set[Region] = set()
        self._ahead: dict[Region, Mark] = {}
        self._foreign: dict[Region, str] = {}
        self._beyond: dict[Region, str] = {}

    @property
    def ahead(self) -> dict[Region, Mark]:
        """Marks that this region's log must contain, unless it was set back."""
        return dict(self._ahead)

    @property
    def contradiction(self) -> str:
        """A halt's reason and, after a colon, the evidence against this region's log; `""` if there is none."""
        if self._foreign:
            return f"{Forked.reason}: {'; '.join(self._foreign.values())}"
        return f"{WentBack.reason}: {'; '.join(self._beyond.values())}" if self._beyond else ""

    def is_believed(self, region: Region, mark: Mark) -> bool:
        """Whether `mark`, which `region` announced for this region's log, proves that it applied our event."""
        if mark.sequence == NOTHING:
            return True
        self._ahead.pop(region, None)
        match self._recognize(mark):
            case Recognition.OURS:
                self._verified.add(region)
                self._foreign.pop(region, None)
                self._beyond.pop(region, None)
                return True
            case Recognition.TOO_OLD:
                return region in self._verified
            case Recognition.AHEAD:
                self._ahead[region] = mark
                return False
            case Recognition.FOREIGN:
                self._disown(region)
                self._foreign[region] = f"{region} has applied another message {mark.sequence}"
                return False

    def prove_again(self) -> None:
        """The log was restored: a mark too old to compare is believed only after its region shows one that agrees."""
        self._verified.clear()

    def ends_before(self, region: Region, mark: Mark, *, last_sequence: Sequence) -> None:
        """Record that this region's log ends at `last_sequence`, before `mark`."""
        self._disown(region)
        self._beyond[region] = f"the log ends at {last_sequence}, and {region} has applied message {mark.sequence}"

    def _disown(self, region: Region) -> None:
        for known in (self._ahead, self._foreign, self._beyond):
            known.pop(region, None)
        self._verified.discard(region)

"""Whether what other regions have applied of this region's log is this region's log. Pure.

A log that was set back has another event at places that other regions have seen. Their watermarks are then
as high as ever and mean nothing; believed, they would make a 201 untrue.
"""

from collections.abc import Callable
from enum import Enum, auto

from adapters.errors import Forked, WentBack
from core.positions import NOTHING, Mark, Region, Sequence


class Recognition(Enum):
    """What a mark of this region's log is to this process.

    AHEAD: further than has been read here yet. TOO_OLD: before what is remembered here.
    """

    OURS = auto()
    AHEAD = auto()
    TOO_OLD = auto()
    FOREIGN = auto()


class ForkDetection:
    """Which regions' marks are believed, which are looked into, and which contradict this region's log."""

    def __init__(self, recognize: Callable[[Mark], Recognition]) -> None:
        self._recognize = recognize
        self._verified: set[Region] = set()
        self._ahead: dict[Region, Mark] = {}
        self._foreign: dict[Region, str] = {}
        self._beyond: dict[Region, str] = {}

    @property
    def ahead(self) -> dict[Region, Mark]:
        """Marks that this region's log must contain, if it is the log that it was."""
        return dict(self._ahead)

    @property
    def contradiction(self) -> str:
        """What speaks against this region's log: a halt's reason and, after a colon, why; `""` if nothing does."""
        if self._foreign:
            return f"{Forked.reason}: {'; '.join(self._foreign.values())}"
        return f"{WentBack.reason}: {'; '.join(self._beyond.values())}" if self._beyond else ""

    def is_believed(self, region: Region, mark: Mark) -> bool:
        """Whether `mark`, announced by `region` for this region's log, says that our event there was applied."""
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
                self._foreign[region] = f"{region} has applied another event {mark.sequence}"
                return False

    def prove_again(self) -> None:
        """The log was restored: a mark too old to be compared counts only once its region has shown one that agrees."""
        self._verified.clear()

    def ends_before(self, region: Region, mark: Mark, *, last_sequence: Sequence) -> None:
        """Take in that this region's log ends at `last_sequence`, before `mark`."""
        self._disown(region)
        self._beyond[region] = f"the log ends at {last_sequence}, and {region} has applied event {mark.sequence}"

    def _disown(self, region: Region) -> None:
        for known in (self._ahead, self._foreign, self._beyond):
            known.pop(region, None)
        self._verified.discard(region)

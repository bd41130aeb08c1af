"""What regions have announced, and whether they still do. Pure."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from adapters.announcements import Announcement
from cli.lag.cells import Applied
from core.positions import BEGINNING, Mark, Region

SILENT_AFTER_SECONDS = 1.0
"""A replicator announces every 250 ms: three in a row may be lost."""

INCARNATIONS_REMEMBERED = 16


@dataclass
class _Heard:
    at_seconds: float = 0.0
    incarnation: str = ""
    is_current: bool = False
    vector: dict[Region, Mark] = field(default_factory=dict)
    halted: dict[Region, str] = field(default_factory=dict)
    not_connected: list[Region] = field(default_factory=list)
    waiting: dict[Region, str] = field(default_factory=dict)
    refused: str = ""
    superseded: deque[str] = field(default_factory=lambda: deque(maxlen=INCARNATIONS_REMEMBERED))


class Hearing:
    """Every region's last announcements, however many replicators it has and whichever way they came.

    As for the services, within an incarnation watermarks only go up, and an incarnation that was followed by
    another is not believed again.
    """

    def __init__(self) -> None:
        self._heard: dict[Region, _Heard] = defaultdict(_Heard)

    def take(self, announcement: Announcement, *, now_seconds: float) -> None:
        """Take in what a region says of itself."""
        heard = self._heard[announcement.region]
        if announcement.incarnation in heard.superseded:
            return
        if announcement.incarnation != heard.incarnation:
            heard.superseded.append(heard.incarnation)
            heard.incarnation, heard.is_current, heard.vector = announcement.incarnation, False, {}
        heard.at_seconds = now_seconds
        heard.is_current = heard.is_current or announcement.is_current
        heard.halted, heard.not_connected = announcement.halted, announcement.not_connected
        heard.waiting, heard.refused = announcement.waiting, announcement.refused
        for origin, mark in announcement.vector.items():
            if mark.sequence >= heard.vector.get(origin, BEGINNING).sequence:
                heard.vector[origin] = mark

    def applied(self, region: Region, *, now_seconds: float) -> Applied | None:
        """What a region says of itself, or None if it has been silent for `SILENT_AFTER_SECONDS`."""
        heard = self._heard.get(region)
        if heard is None or now_seconds - heard.at_seconds > SILENT_AFTER_SECONDS:
            return None
        return Applied(
            vector=dict(heard.vector),
            is_current=heard.is_current,
            halted=dict(heard.halted),
            not_connected=heard.not_connected,
            waiting=dict(heard.waiting),
            refused=heard.refused,
        )

    def silence(self, region: Region, *, now_seconds: float) -> str:
        """For how long nothing was heard, in words."""
        heard = self._heard.get(region)
        if heard is None:
            return "no replicator of it was heard"
        return f"no replicator of it was heard for {now_seconds - heard.at_seconds:.0f} s"

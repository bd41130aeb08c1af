"""Batches that a log refuses, and that may be in it all the same. What stands at their place decides them. Pure."""

from core.positions import Mark
from service.writes.batch import Batch


class SetAside:
    """They all have the same place, and nothing is known to stand there."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        """Let others have the place of `batch`."""
        self.batches.append(batch)

    def take(self) -> Batch:
        """One of them, to be tried again."""
        return self.batches.pop()

    def with_first(self, mark: Mark) -> Batch | None:
        """The one whose first event is that with `mark`."""
        return next((batch for batch in self.batches if batch.events[0].mark == mark), None)

    def lost(self) -> list[Batch]:
        """Those that are not seen, now that something stands at their place: they are never in the log."""
        lost = [batch for batch in self.batches if not batch.is_seen]
        self.batches = [batch for batch in self.batches if batch.is_seen]
        return lost

    def stored(self) -> list[Batch]:
        """Those that were seen, now that the log has answered since: they are synced too."""
        stored = [batch for batch in self.batches if batch.is_seen]
        self.batches = [batch for batch in self.batches if not batch.is_seen]
        return stored

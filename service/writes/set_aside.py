"""Batches that a log refuses although it may hold them. The event at their place decides them. Pure."""

from core.positions import Mark
from service.writes.batch import Batch


class SetAside:
    """Batches for one place, at which no event is known to stand."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        """Set `batch` aside, so that another batch can take its place."""
        self.batches.append(batch)

    def take(self) -> Batch:
        """Remove and return one of them, to try it again."""
        return self.batches.pop()

    def with_first(self, mark: Mark) -> Batch | None:
        """The batch whose first message has `mark`."""
        return next((batch for batch in self.batches if batch.first_mark == mark), None)

    def lost(self) -> list[Batch]:
        """Remove and return the batches that were not read, now that an event stands at their place."""
        lost = [batch for batch in self.batches if not batch.is_seen]
        self.batches = [batch for batch in self.batches if batch.is_seen]
        return lost

    def stored(self) -> list[Batch]:
        """Remove and return the batches that were read. The log has answered since, so they are synced."""
        stored = [batch for batch in self.batches if batch.is_seen]
        self.batches = [batch for batch in self.batches if not batch.is_seen]
        return stored

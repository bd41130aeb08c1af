"""Parts of lists."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Page(NamedTuple):
    """Which part of a list is asked for. Without a `limit` it is all that comes after `offset`."""

    offset: int
    limit: int | None = None

    def has(self, place: int) -> bool:
        """Whether the item at that place, from 0, is in it."""
        return self.offset <= place and (self.limit is None or place < self.offset + self.limit)

    def of(self, items: list[T]) -> list[T]:
        """What it has of a whole list."""
        return items[self.offset :] if self.limit is None else items[self.offset : self.offset + self.limit]


class Listed(NamedTuple, Generic[T]):
    """A part of a list, and how much the whole is."""

    items: list[T]
    total_count: int
    page: Page

    @property
    def limit(self) -> int:
        """How many items it could have. A whole list could have all."""
        return self.total_count if self.page.limit is None else self.page.limit

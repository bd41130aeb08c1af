"""Parts of lists."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Page(NamedTuple):
    """The part of a list that is asked for. Without a `limit` it is everything after `offset`."""

    offset: int
    limit: int | None = None

    def has(self, place: int) -> bool:
        """Whether the item at `place` is in it. The first place is 0."""
        return self.offset <= place and (self.limit is None or place < self.offset + self.limit)

    def of(self, items: list[T]) -> list[T]:
        """The items of a whole list that are in it."""
        return items[self.offset :] if self.limit is None else items[self.offset : self.offset + self.limit]


class Listed(NamedTuple, Generic[T]):
    """A part of a list, and the number of items in the whole list."""

    items: list[T]
    total_count: int
    page: Page

    @property
    def limit(self) -> int:
        """The most items that it could have. For a whole list that is all of them."""
        return self.total_count if self.page.limit is None else self.page.limit

"""The policy of a request by its path, before its route is known: its key, its place, and its log line."""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from core.key_scopes import KeyScope


class Key(Enum):
    """Which key a route asks for."""

    NONE = "none"
    ORGANIZATION = "organization"
    ADMIN = "admin"


_READS = ("GET", "HEAD")


class Policy(NamedTuple):
    """How a request is treated.

    If it `takes_place`, it counts among the process's concurrent requests, and its body is read. If it `is_logged`, it
    has a line in the access log, and a span. An organization's key must have the scope `writes` for all but `GET`.
    """

    key: Key
    takes_place: bool = True
    is_logged: bool = True
    writes: KeyScope = KeyScope.WRITE

    def scope_of(self, method: str) -> KeyScope:
        """The scope that a request with `method` needs."""
        return KeyScope.READ if method in _READS else self.writes


NO_ROUTE_POLICY = Policy(Key.NONE)
"""The policy of a path that has no route."""


class Policies:
    """The table of a service: a policy for each first part of a path, and for whole paths that differ from it."""

    def __init__(self, *, by_first_part: Mapping[str, Policy], by_path: Mapping[str, Policy]) -> None:
        self._by_first_part = by_first_part
        self._by_path = by_path

    def without(self, first_part: str) -> "Policies":
        """The table of a service without the routes below `first_part`."""
        kept = {part: policy for part, policy in self._by_first_part.items() if part != first_part}
        return Policies(by_first_part=kept, by_path=self._by_path)

    def of(self, path: str) -> Policy:
        """The policy of a path, or of a route's template."""
        found = self._by_path.get(path)
        return found or self._by_first_part.get(path[1:].partition("/")[0], NO_ROUTE_POLICY)

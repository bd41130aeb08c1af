"""The scopes of an API key: what requests with it may do."""

from collections.abc import Iterable
from enum import StrEnum


class KeyScope(StrEnum):
    """What an API key admits: `GET` and `HEAD`, every other request about webhooks, and reports of events."""

    READ = "read"
    WRITE = "write"
    EVENTS = "events"


UNRESTRICTED: tuple[str, ...] = ()
"""How a key without restriction is stored: it has every scope, and each that a later version adds."""


def restriction(scopes: Iterable[str]) -> tuple[str, ...]:
    """How `scopes` are stored: in one order, each once, and `UNRESTRICTED` if they are all that there are."""
    wanted = frozenset(scopes)
    found = tuple(scope.value for scope in KeyScope if scope in wanted)
    return UNRESTRICTED if len(found) == len(KeyScope) else found

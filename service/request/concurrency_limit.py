"""How many requests of one organization may be under way in this process, so that none uses up what all share."""

from collections import Counter

from service.request.context import Caller
from service.request.errors import TooManyInFlight


class ConcurrencyLimit:
    """Who is under way.

    A request is counted under the secret that it shows, which nobody else can, before that is looked at; and under its
    organization once it is let in. So nobody is counted against another. The administrator has places of his own:
    an organization that has none left can still have its keys revoked.
    """

    def __init__(self, requests_max: int) -> None:
        self._requests_max = requests_max
        self._under_way: Counter[str] = Counter()

    def enter(self, caller: Caller) -> None:
        """Count a request that shows a key, once, until it leaves. Raises `TooManyInFlight`."""
        self._count(caller, "admin" if caller.credentials is None else f"key {caller.credentials.digest}")

    def let_in(self, caller: Caller) -> None:
        """Count a request whose key is good, once, until it leaves. Raises `TooManyInFlight`."""
        if caller.credentials is not None:
            self._count(caller, f"organization {caller.organization_id}")

    def leave(self, caller: Caller) -> None:
        """Count it no more."""
        for name in caller.exchange.counted_as:
            self._under_way[name] -= 1
            if not self._under_way[name]:
                del self._under_way[name]
        caller.exchange.counted_as.clear()

    def _count(self, caller: Caller, name: str) -> None:
        if name in caller.exchange.counted_as:
            return
        if self._under_way[name] >= self._requests_max:
            raise TooManyInFlight(self._requests_max)
        self._under_way[name] += 1
        caller.exchange.counted_as.append(name)

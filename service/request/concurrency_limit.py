"""Bound the requests of one organization in flight in this process, so that none uses up what all share."""

from collections import Counter

from service.request.context import Caller
from service.request.errors import TooManyInFlight


class ConcurrencyLimit:
    """The number of requests in flight, by the secret that they show and by their organization.

    A request counts under its secret before that is checked, and under its organization once it is let in. So no
    request counts against another organization. The administrator has places of its own: the keys of an organization
    without a free place can still be revoked.
    """

    def __init__(self, requests_max: int) -> None:
        self._requests_max = requests_max
        self._in_flight: Counter[str] = Counter()

    def enter(self, caller: Caller) -> None:
        """Count a request that shows a key, once, until it leaves. Raises `TooManyInFlight`."""
        self._count(caller, "admin" if caller.credentials is None else f"key {caller.credentials.digest}")

    def let_in(self, caller: Caller) -> None:
        """Count a request whose key is valid, once, until it leaves. Raises `TooManyInFlight`."""
        if caller.credentials is not None:
            self._count(caller, f"organization {caller.organization_id}")

    def leave(self, caller: Caller) -> None:
        """Stop counting the request of `caller`."""
        for name in caller.exchange.counted_as:
            self._in_flight[name] -= 1
            if not self._in_flight[name]:
                del self._in_flight[name]
        caller.exchange.counted_as.clear()

    def _count(self, caller: Caller, name: str) -> None:
        if name in caller.exchange.counted_as:
            return
        if self._in_flight[name] >= self._requests_max:
            raise TooManyInFlight(self._requests_max)
        self._in_flight[name] += 1
        caller.exchange.counted_as.append(name)

"""Bound the requests of one organization in flight in this process, so that none uses up what all share."""

from collections import Counter

from service.request.context import Identified
from service.request.errors import TooManyInFlight
from service.request.held import Held


class ConcurrencyLimit:
    """The number of requests in flight, by the secret that they show and by their organization.

    A request counts under its secret before that is checked, and under its organization once it is let in. So no
    request counts against another organization. Each administrator has places of its own: the keys of an organization
    without a free place can still be revoked.
    """

    def __init__(self, requests_max: int) -> None:
        self._requests_max = requests_max
        self._in_flight: Counter[str] = Counter()

    def enter(self, request: Identified) -> None:
        """Count a request that shows a key, once, until it releases what it holds. Raises `TooManyInFlight`."""
        credentials = request.caller.credentials
        self._count(request.held, request.caller.author if credentials is None else f"key {credentials.digest}")

    def let_in(self, request: Identified) -> None:
        """Count a request whose key is valid, once, until it releases what it holds. Raises `TooManyInFlight`."""
        if not request.caller.is_administrator:
            self._count(request.held, f"organization {request.caller.organization_id}")

    def _count(self, held: Held, name: str) -> None:
        if name in held:
            return
        if self._in_flight[name] >= self._requests_max:
            raise TooManyInFlight(self._requests_max)
        self._in_flight[name] += 1
        held.hold(name, self._leave)

    def _leave(self, name: str) -> None:
        self._in_flight[name] -= 1
        if not self._in_flight[name]:
            del self._in_flight[name]

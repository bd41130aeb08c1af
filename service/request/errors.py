"""The errors of the use cases. One table beside the routes (`service/http/problems.py`) turns them into responses."""

from core.positions import Region
from service.request.context import Wait


class RegionUnavailable(Exception):
    """The region cannot take the request now, and nothing was handed to its log."""


class NotSeenInTime(Exception):
    """At the deadline this region had not applied the token's events of the origins in `missing`."""

    def __init__(self, missing: list[str], *, timeout_seconds: int) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing
        self.timeout_seconds = timeout_seconds


class WriteLost(Exception):
    """The token names an event that the log of `origin` lost when it was restored."""

    def __init__(self, origin: Region) -> None:
        super().__init__(origin)
        self.origin = origin


class TimedOut(Exception):
    """The deadline came before every region in `pending` had acknowledged the event.

    `operation_id` is `""` if the caller cannot read the operation. `is_committed` is False while it is unknown whether
    the event is in the log. An event that is in the log reaches every region later. `doubt` is `""`, or the reason why
    not even that holds: other regions may have another log.
    """

    def __init__(
        self,
        wait: Wait,
        *,
        operation_id: str,
        is_committed: bool,
        acknowledged: list[Region],
        pending: list[Region],
        doubt: str = "",
    ) -> None:
        super().__init__(", ".join(pending))
        self.wait = wait
        self.operation_id = operation_id
        self.is_committed = is_committed
        self.doubt = doubt
        self.acknowledged = acknowledged
        self.pending = pending


class OperationExpired(Exception):
    """The operation is older than `hours`, and its outcome is not reported any more."""

    def __init__(self, operation_id: str, *, hours: int) -> None:
        super().__init__(operation_id)
        self.operation_id = operation_id
        self.hours = hours


class ListTooLarge(Exception):
    """The list has more than `bytes_max` as JSON."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(bytes_max)
        self.bytes_max = bytes_max


class NotYetTheirTurn(Exception):
    """Another request of this organization held the turn until the deadline."""


class TooManyInFlight(Exception):
    """The organization has `requests_max` requests in flight, its maximum."""

    def __init__(self, requests_max: int) -> None:
        super().__init__(requests_max)
        self.requests_max = requests_max

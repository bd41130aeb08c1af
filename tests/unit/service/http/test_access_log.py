import pytest

from core.positions import Epoch, Position, Region, Sequence
from service.http.access_log import NO_ANSWER, Outcome, outcome_of
from service.request.context import Exchange
from service.request.timing import Part, Timing


def handed(*, is_known: bool) -> Exchange:
    exchange = Exchange(operation_id="0190")
    if is_known:
        exchange.wrote(Position(Region("us-iowa"), Epoch("k3v9x2"), Sequence(42)))
    return exchange


@pytest.mark.parametrize(
    ("status", "exchange", "outcome"),
    [
        (200, Exchange(), Outcome.DONE),
        (204, handed(is_known=True), Outcome.DONE),
        (404, Exchange(), Outcome.REFUSED),
        (429, Exchange(), Outcome.REFUSED),
        (408, Exchange(), Outcome.LATE),
        (408, handed(is_known=False), Outcome.UNKNOWN),
        (408, handed(is_known=True), Outcome.COMMITTED),
        (503, Exchange(), Outcome.UNAVAILABLE),
        (500, Exchange(), Outcome.FAILED),
        (NO_ANSWER, Exchange(), Outcome.LEFT),
    ],
)
def test_what_a_request_came_to_is_one_word(status: int, exchange: Exchange, outcome: Outcome) -> None:
    assert outcome_of(status, exchange) is outcome


def test_time_that_ends_in_an_error_is_spent_all_the_same() -> None:
    timing = Timing()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"), timing.during(Part.READ):
            raise ValueError("no")
    assert set(timing.spent_seconds) == {Part.READ}

import pytest

from core.positions import Epoch, Position, Region, Sequence
from service.http.access_log import NO_RESPONSE, Outcome, outcome_of
from service.request.shown import Shown
from service.request.timing import Part, Timing


def handed(*, is_known: bool) -> Shown:
    position = Position(Region("us-iowa"), Epoch("k3v9x2"), Sequence(42))
    return Shown({}, "0190", position if is_known else None)


@pytest.mark.parametrize(
    ("status", "shown", "outcome"),
    [
        (200, Shown({}), Outcome.DONE),
        (204, handed(is_known=True), Outcome.DONE),
        (404, Shown({}), Outcome.REFUSED),
        (429, Shown({}), Outcome.REFUSED),
        (408, None, Outcome.LATE),
        (408, Shown({}), Outcome.LATE),
        (408, handed(is_known=False), Outcome.UNKNOWN),
        (408, handed(is_known=True), Outcome.COMMITTED),
        (503, Shown({}), Outcome.UNAVAILABLE),
        (500, Shown({}), Outcome.FAILED),
        (NO_RESPONSE, Shown({}), Outcome.LEFT),
    ],
)
def test_the_outcome_of_a_request_is_one_word(status: int, shown: Shown | None, outcome: Outcome) -> None:
    assert outcome_of(status, shown) is outcome


def test_time_until_an_error_counts_too() -> None:
    timing = Timing()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"), timing.during(Part.READ):
            raise ValueError("no")
    assert set(timing.spent_seconds) == {Part.READ}

from collections.abc import Mapping

from adapters.projection_state import Contradiction, Had, Required, State
from core.positions import Epoch, Mark, Region, Sequence
from replicator.shortfall import why_not_current

US, EU, JP = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")


def state(
    *,
    vector: Mapping[Region, int],
    required: Mapping[Region, int],
    known: Mapping[Region, tuple[int, Region]],
    contradicted: Contradiction | None = None,
) -> State:
    return State(
        "1:ab:0:x",
        is_current=False,
        is_required_known=True,
        vector={origin: Mark(EPOCH, Sequence(at), "f") for origin, at in vector.items()},
        required={origin: Required(EPOCH, Sequence(at)) for origin, at in required.items()},
        known={origin: Had(EPOCH, Sequence(at), by) for origin, (at, by) in known.items()},
        contradicted=contradicted,
    )


def test_a_shortfall_of_the_own_log_names_the_region_that_knows_it_and_the_remedy() -> None:
    why = why_not_current(US, state(vector={US: 8}, required={US: 8}, known={US: (10, EU)}))
    assert why == (
        "us-iowa had applied us-iowa up to message 10, as europe-belgium knows, and is at 8: "
        "put the right log of us-iowa back"
    )


def test_a_shortfall_of_a_copy_is_filled_again_without_an_operator() -> None:
    why = why_not_current(US, state(vector={JP: 8}, required={JP: 8}, known={JP: (10, US)}))
    assert why == (
        "us-iowa had applied asia-japan up to message 10, as its own processes know, and is at 8: "
        "its copy of that log is filled again from asia-japan"
    )


def test_what_is_in_the_log_and_still_to_be_applied_is_an_ordinary_rebuild() -> None:
    assert not why_not_current(US, state(vector={US: 8}, required={US: 12}, known={US: (10, EU)}))
    assert not why_not_current(US, state(vector={US: 10}, required={US: 8}, known={US: (10, EU)}))


def test_nothing_is_said_to_be_lacking_before_the_logs_have_said_where_they_end() -> None:
    lacking = state(vector={US: 8}, required={}, known={US: (10, EU)})
    assert why_not_current(US, lacking)
    assert not why_not_current(US, lacking._replace(is_required_known=False))


def test_another_event_in_the_log_than_others_have_applied_is_said() -> None:
    contradicted = Contradiction(Mark(EPOCH, Sequence(7), "f"), EU)
    why = why_not_current(US, state(vector={US: 12}, required={}, known={}, contradicted=contradicted))
    assert why == (
        "europe-belgium has applied another message 7 of us-iowa than the log of us-iowa has: "
        "put the right log of us-iowa back"
    )

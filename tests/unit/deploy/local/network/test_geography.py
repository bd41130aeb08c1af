"""A round trip is the given one. By default it follows from the distance."""

import pytest

from deploy.local.errors import InvalidRequest, UnknownRegion
from deploy.local.network.geography import RoundTrips, plausible_round_trips, region_names, uniform_round_trips


def test_three_regions_have_the_documented_round_trips() -> None:
    trips = plausible_round_trips(region_names(3))
    assert list(trips) == [
        ("asia-japan", "europe-belgium", 230),
        ("asia-japan", "us-iowa", 140),
        ("europe-belgium", "us-iowa", 100),
    ]


def test_ten_regions_have_a_plausible_round_trip_each() -> None:
    trips = plausible_round_trips(region_names(10))
    assert len(list(trips)) == 45
    assert all(10 <= milliseconds <= 300 for _, _, milliseconds in trips)
    assert trips.milliseconds("us-iowa", "us-oregon") < trips.milliseconds("us-iowa", "asia-mumbai")


def test_both_directions_of_a_pair_have_one_round_trip() -> None:
    trips = uniform_round_trips(("a", "b"), milliseconds=20)
    trips.change("b", "a", milliseconds=30)
    assert trips.seconds("a", "b") == 0.03


def test_an_unknown_region_is_named() -> None:
    with pytest.raises(UnknownRegion, match="there is no region 'atlantis'; the regions are us-iowa, "):
        plausible_round_trips(("us-iowa", "atlantis"))


@pytest.mark.parametrize("milliseconds", [-1.0, 60_001.0, float("nan"), float("inf")])
def test_a_round_trip_out_of_bounds_is_refused(milliseconds: float) -> None:
    with pytest.raises(InvalidRequest, match="between a and b: expected 0 to 60000 ms"):
        uniform_round_trips(("a", "b"), milliseconds=milliseconds)


def test_a_region_has_no_round_trip_to_itself() -> None:
    with pytest.raises(InvalidRequest, match="between two regions, got a alone"):
        RoundTrips({}).change("a", "a", milliseconds=1)


@pytest.mark.parametrize("count", [0, 11])
def test_a_count_of_regions_out_of_bounds_is_refused(count: int) -> None:
    with pytest.raises(InvalidRequest, match="expected 1 to 10 regions"):
        region_names(count)

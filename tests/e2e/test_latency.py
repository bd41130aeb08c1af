"""The writes that wait for other regions, and for how many round trips. `python -m bench` measures the figures."""

import statistics

import pytest

from deploy.local import local_regions
from tests.e2e.callers import calling_all

ROUND_TRIP_MILLISECONDS = 400
"""Long in comparison with a busy machine's own time."""

SAMPLES = 5


@pytest.mark.long
async def test_all_regions_costs_about_one_round_trip_and_local_region_none_of_it() -> None:
    async with local_regions(round_trips=ROUND_TRIP_MILLISECONDS) as demo, calling_all(demo) as callers:
        caller = callers["us-iowa"]
        milliseconds = {
            level: statistics.median([(await caller.register(level=level)).seconds for _ in range(SAMPLES)]) * 1_000
            for level in ("local_region", "all_regions")
        }
        print(milliseconds)
        assert ROUND_TRIP_MILLISECONDS <= milliseconds["all_regions"] < 1.6 * ROUND_TRIP_MILLISECONDS
        assert milliseconds["local_region"] < 0.6 * ROUND_TRIP_MILLISECONDS

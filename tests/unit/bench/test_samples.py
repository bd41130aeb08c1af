"""Percentiles are measured times."""

import random

import pytest

from bench.errors import Unmeasured
from bench.samples import Samples


def test_a_percentile_is_the_time_that_this_share_of_requests_did_not_exceed() -> None:
    each = [number / 1_000 for number in range(1, 101)]
    random.Random(1).shuffle(each)
    latency = Samples(each_seconds=each, total_seconds=20.0).latency()
    found = latency.p50_milliseconds, latency.p90_milliseconds, latency.p99_milliseconds
    assert found == (50.0, 90.0, 99.0)
    assert latency.count == 100


def test_with_one_request_every_percentile_is_its_time() -> None:
    latency = Samples(each_seconds=[0.25], total_seconds=0.25).latency()
    assert {latency.p50_milliseconds, latency.p90_milliseconds, latency.p99_milliseconds} == {250.0}


def test_the_rate_covers_the_whole_time() -> None:
    assert Samples(each_seconds=[0.1] * 40, total_seconds=2.0).per_second() == 20.0


def test_without_a_request_there_is_no_figure() -> None:
    with pytest.raises(Unmeasured, match="no request received its response"):
        Samples(each_seconds=[], total_seconds=1.0).latency()

"""Latencies of recent writes, exact to a few percent, in bounded memory."""

import pytest

from core.consistency import Level
from service.http.write_latency import RATE_SECONDS, WINDOW_SECONDS, WriteLatencies, WriteLatency

LOCAL, ALL = Level.LOCAL_REGION, Level.ALL_REGIONS


def test_before_the_first_write_there_is_no_latency() -> None:
    assert WriteLatencies().look(now_seconds=100) == [WriteLatency(level, 0, None, None, 0) for level in (LOCAL, ALL)]


def test_quantiles_are_right_to_a_few_percent_and_each_level_has_its_own() -> None:
    latencies = WriteLatencies()
    for number in range(1, 1_001):
        latencies.took(LOCAL, number / 1_000, now_seconds=100)
    latencies.took(ALL, 0.25, now_seconds=100)
    local, everywhere = latencies.look(now_seconds=101)
    assert local.p50_milliseconds == pytest.approx(500, rel=0.03)
    assert local.p99_milliseconds == pytest.approx(990, rel=0.03)
    assert everywhere.p50_milliseconds == everywhere.p99_milliseconds == pytest.approx(250, rel=0.03)


def test_a_rate_covers_complete_seconds_only() -> None:
    latencies = WriteLatencies()
    for second in range(100, 100 + 2 * RATE_SECONDS):
        for _ in range(30):
            latencies.took(LOCAL, 0.01, now_seconds=second + 0.5)
        assert (
            latencies.look(now_seconds=second + 0.9)[0].per_second
            == 30 * min(second - 100, RATE_SECONDS) / RATE_SECONDS
        )


def test_writes_older_than_a_minute_are_forgotten() -> None:
    latencies = WriteLatencies()
    latencies.took(LOCAL, 0.01, now_seconds=100)
    latencies.late(LOCAL, now_seconds=100)
    assert latencies.look(now_seconds=99 + WINDOW_SECONDS)[0].late == 1
    assert latencies.look(now_seconds=100 + WINDOW_SECONDS)[0] == WriteLatency(LOCAL, 0, None, None, 0)


@pytest.mark.parametrize("seconds", [0.0, 0.000_01, 120.0])
def test_the_shortest_and_the_longest_write_are_measured(seconds: float) -> None:
    latencies = WriteLatencies()
    latencies.took(LOCAL, seconds, now_seconds=100)
    found = latencies.look(now_seconds=100)[0].p50_milliseconds
    assert found == pytest.approx(max(0.1, 1_000 * seconds), rel=0.03)

"""A printed age is short, and exact to its last digit."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.figures import duration

SECONDS = st.floats(0, 3e9)
SIZES = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (3.25, "3.2 s"),
        (119.9, "119.9 s"),
        (125.0, "2 min 5 s"),
        (179.7, "2 min 59 s"),
        (7_325.0, "2 h 2 min"),
        (99_960.0, "27 h 46 min"),
        (180_000.0, "2 d 2 h"),
    ],
)
def test_a_duration_has_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(SECONDS)
def test_the_smaller_unit_of_a_duration_is_less_than_one_of_the_larger(seconds: float) -> None:
    parts = re.findall(r"([\d.]+) (s|min|h|d)", duration(seconds))
    assert all(float(small) * SIZES[unit] < SIZES[larger] for (_, larger), (small, unit) in pairwise(parts))

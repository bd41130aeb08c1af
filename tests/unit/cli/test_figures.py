"""Counts and ages are short, and never less true than their digits say."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.figures import age, count, duration

SECONDS = st.floats(0, 3e9)
SIZES = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18,
    "s": 1, "min": 60, "h": 3_600, "d": 86_400, "y": 31_557_600,
}  # fmt: skip


def value(text: str) -> float:
    number, _, unit = text.partition(" ")
    return float(number) * SIZES[unit]


def step(text: str) -> float:
    """How much the last digit is worth."""
    number, _, unit = text.partition(" ")
    return SIZES[unit] / (10 if "." in number else 1)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (9_999, "9999"),
        (10_000, "10 k"),
        (999_999, "999 k"),
        (1_000_000, "1.0 M"),
        (1_345_678, "1.3 M"),
        (27_999_999, "27 M"),
        (2**64 - 1, "18 E"),
    ],
)
def test_large_counts_have_a_unit(number: int, text: str) -> None:
    assert count(number) == text


@given(st.integers(0, 2**64 - 1))
def test_a_count_has_five_characters_and_is_rounded_down(number: int) -> None:
    text = count(number)
    assert re.fullmatch(r"\d{1,4}|\d\.\d [kMGTPE]|\d{2,3} [kMGTPE]", text)
    assert number - step(text) < value(text) + number * 1e-12
    assert value(text) <= number * (1 + 1e-12)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (3.25, "3.2 s"),
        (119.9, "119 s"),
        (120.0, "2 min"),
        (5_999.0, "99 min"),
        (6_000.0, "1.6 h"),
        (99_960.0, "27 h"),
        (172_800.0, "2.0 d"),
        (86_399_999.0, "999 d"),
        (1.7e9, "53 y"),
    ],
)
def test_an_age_in_one_unit(seconds: float, text: str) -> None:
    assert age(seconds) == text


@given(SECONDS)
def test_an_age_has_six_characters_and_is_rounded_down(seconds: float) -> None:
    text = age(seconds)
    assert re.fullmatch(r"\d\.\d (s|h|d|y)|\d{1,3} (s|min|h|d|y)", text)
    assert len(text) <= 6
    assert value(text) <= seconds + 1e-6 < value(text) + step(text) + 2e-6 * (1 + seconds)


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

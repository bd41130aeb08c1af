"""The ratio of two sides and its standard error."""

import random

import pytest

from bench.errors import Unmeasured
from bench.ratios import ratio_of


def test_a_disturbance_of_a_whole_round_changes_no_ratio() -> None:
    chance = random.Random(1)
    base = [chance.uniform(500, 5_000) for _ in range(50)]
    ratio = ratio_of([1.02 * value for value in base], base)
    assert (ratio.median, ratio.mean, ratio.standard_error) == (1.02, 1.02, 0)


def test_one_disturbed_side_of_one_round_moves_the_mean_and_its_error_but_not_the_median() -> None:
    base = [1_000.0] * 20
    ratio = ratio_of([1_010.0] * 19 + [2_010.0], base)
    assert ratio.median == 1.01
    assert (ratio.mean, ratio.standard_error) == (1.06, 0.05)


@pytest.mark.parametrize("rounds", [0, 1])
def test_fewer_than_two_rounds_have_no_standard_error(rounds: int) -> None:
    with pytest.raises(Unmeasured, match="needs at least two rounds"):
        ratio_of([1.0] * rounds, [1.0] * rounds)


def test_sides_with_different_numbers_of_rounds_are_not_compared() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratio_of([1.0, 2.0], [1.0])

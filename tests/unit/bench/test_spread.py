"""A spread is a median with its quartiles and extremes."""

import pytest

from bench.errors import Unmeasured
from bench.spread import Spread, ratio_spread, spread_of


def test_one_disturbed_round_moves_only_the_extremes() -> None:
    calm, disturbed = spread_of([10, 11, 12, 13, 14]), spread_of([10, 11, 12, 13, 900])
    assert calm == Spread(median=12, lower_quartile=11, upper_quartile=13, least=10, most=14)
    assert (disturbed.median, disturbed.lower_quartile, disturbed.upper_quartile) == (12, 11, 13)
    assert disturbed.most == 900


def test_one_round_is_its_own_spread_and_none_has_no_spread() -> None:
    assert spread_of([3.0]) == Spread(3.0, 3.0, 3.0, 3.0, 3.0)
    with pytest.raises(Unmeasured, match="no spread of no rounds"):
        spread_of([])


def test_a_disturbance_of_a_whole_round_changes_no_ratio() -> None:
    assert ratio_spread([20, 2, 6], [10, 1, 3]) == Spread(2, 2, 2, 2, 2)

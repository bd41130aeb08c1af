"""A target is reached at its limit, and missed on the wrong side of it."""

import pytest

from bench.targets import Target


@pytest.mark.parametrize(
    ("target", "text", "reached", "missed"),
    [(Target(120), "≤ 120", 120.0, 120.1), (Target(0.6, is_least=True), "≥ 0.6", 0.6, 0.59)],
)
def test_a_target_has_one_good_side(target: Target, text: str, reached: float, missed: float) -> None:
    assert str(target) == text
    assert target.is_reached(reached)
    assert not target.is_reached(missed)

"""Rounds measure everything in turn."""

from functools import partial

from bench.rounds import interleaved


def test_every_round_measures_everything_and_every_second_round_runs_backwards() -> None:
    order: list[str] = []

    def measured(name: str) -> int:
        order.append(name)
        return len(order)

    reported: list[int] = []
    found = interleaved({name: partial(measured, name) for name in "abc"}, rounds=4, report=reported.append)
    assert "".join(order) == "abccbaabccba"
    assert found == {"a": [1, 6, 7, 12], "b": [2, 5, 8, 11], "c": [3, 4, 9, 10]}
    assert reported == list(range(1, 13))

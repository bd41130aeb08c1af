"""Rounds load the sides in turn."""

from typing import Any

from bench.pairs import Round, alternately


def test_every_round_loads_every_side_and_every_second_round_runs_backwards() -> None:
    loaded: list[str] = []

    class Side:
        def __init__(self, name: str) -> None:
            self._name = name

        def round(self, seconds: float) -> Round:
            loaded.append(self._name)
            return Round(len(loaded), seconds, 0)

    sides: Any = {name: Side(name) for name in "abc"}
    reported: list[int] = []
    measured = alternately(sides, rounds=4, seconds=1.5, report=reported.append)
    assert "".join(loaded) == "abccbaabccba"
    assert reported == [1, 2, 3, 4]
    assert [round_.per_second for round_ in measured["a"]] == [1, 6, 7, 12]
    assert {round_.microseconds for rounds in measured.values() for round_ in rounds} == {1.5}

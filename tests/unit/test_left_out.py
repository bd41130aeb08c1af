"""`make test` and the rest, which CI runs after it, together run every test whole."""

import asyncio
import os
import re
import sys
from itertools import chain, combinations, product
from types import ModuleType

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from tests.documents import ROOT
from tests.left_out import LONG, SAME, Asked, draws_examples, line, why

SHORT = Asked(whole=False, programs=False, rest=False)
WHOLE = Asked(whole=True, programs=True, rest=False)
REST = Asked(whole=True, programs=True, rest=True)

MARKERS = ("browser", "containers", LONG)
KINDS = list(
    product(chain.from_iterable(combinations(MARKERS, size) for size in range(len(MARKERS) + 1)), (False, True))
)


@pytest.mark.parametrize(("markers", "scales"), KINDS)
def test_the_rest_is_what_a_short_run_leaves_out_or_shortens(markers: tuple[str, ...], *, scales: bool) -> None:
    is_whole_in_a_short_run = not why(SHORT, markers=markers, scales=scales) and not scales
    assert why(REST, markers=markers, scales=scales) == ([SAME] if is_whole_in_a_short_run else [])
    assert why(WHOLE, markers=markers, scales=scales) == []


def test_each_option_brings_in_what_it_names() -> None:
    markers = ["browser", LONG]
    assert why(SHORT, markers=markers, scales=False) == markers
    assert why(SHORT._replace(whole=True), markers=markers, scales=False) == ["browser"]
    assert why(SHORT._replace(programs=True), markers=markers, scales=False) == [LONG]


@pytest.mark.parametrize("imported", [hypothesis, hypothesis.given, run_state_machine_as_test, st, st.integers()])
def test_a_file_that_imports_from_hypothesis_draws_examples(imported: object) -> None:
    file = ModuleType("file")
    assert not draws_examples(file)
    vars(file)["imported"] = imported
    assert draws_examples(file)


def test_the_end_of_the_rest_counts_what_make_test_runs_in_the_same_form() -> None:
    assert (
        line(SAME, 2, need="")
        == "left out: 2 tests that `make test` runs in the same form (`make test-all` runs every test)"
    )


CUT_OFF = "tests/e2e/test_cut_off.py"
ASKS_WHETHER_IT_IS_WHOLE = f"{CUT_OFF}::test_a_cut_region_makes_all_regions_a_408_that_names_it_and_nothing_else_waits"
SAMPLE = (CUT_OFF, "tests/browser", "tests/unit/core", "tests/unit/service/watermarks/test_waiters.py")


def path_of(test: str) -> str:
    """The file of a test."""
    return test.partition("::")[0]


async def collected(*options: str) -> set[str]:
    """The tests of `SAMPLE` that a run with these options would run."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options, *SAMPLE),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = (await process.communicate())[0].decode()
    assert process.returncode == pytest.ExitCode.OK, printed
    return set(re.findall(r"^tests/\S+::.+$", printed, re.MULTILINE))


@pytest.mark.long
async def test_a_short_run_and_the_rest_are_all_tests_and_share_those_that_scale() -> None:
    short, rest, whole = await asyncio.gather(collected(), collected("--rest"), collected("--whole", "--programs"))
    assert short | rest == whole
    browser = {path for path in map(path_of, whole) if path.startswith("tests/browser/")}
    drawing = {path for path in map(path_of, whole) if "from hypothesis" in (ROOT / path).read_text()}
    assert set(map(path_of, rest - short)) == {CUT_OFF, *browser}
    assert set(map(path_of, short & rest)) == {CUT_OFF, *drawing}
    assert {test for test in short & rest if path_of(test) == CUT_OFF} == {ASKS_WHETHER_IT_IS_WHOLE}
    assert set(map(path_of, short - rest)) == set(map(path_of, whole)) - {CUT_OFF, *browser, *drawing}

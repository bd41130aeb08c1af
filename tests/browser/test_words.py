"""The page never shows an unknown value as nothing, and has room for ten regions."""

import itertools

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NARROW, WIDE, Open
from tests.browser.telling import SINCE, Json, cell, present, tell

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CELLS = [
    ("exact", 0, 0, "", ("none", "0 ms", "0 events")),
    ("exact", 1, 140, "", ("moving", "140 ms", "1 event")),
    ("exact", 1_200, 2_345, "", ("behind", "2.3 s", "1,200 events")),
    ("exact", 3, 119_950, "", ("far", "120 s", "3 events")),
    ("exact", 3, 99_940, "", ("far", "99.9 s", "3 events")),
    ("exact", 3, None, "", ("moving", "?", "3 events")),
    ("exact", 3, 7_500_000, "", ("far", "2.1 h", "3 events")),
    ("at_most", 262, 14_400, "", ("far", "≤ 14.4 s", "≤ 262 events")),
    ("at_least", 3, 750_000, "", ("far", "≥ 12 min", "≥ 3 events")),
    ("at_least", None, None, "", ("unknown", "?", "since 11:59:48")),
    ("last_heard", None, None, "", ("unknown", "?", "since 11:59:48")),
    ("last_heard", 4, 9_000, "", ("unknown", "?", "since 11:59:48")),
    ("never_heard", None, None, "", ("unknown", "?", "never heard")),
    ("other_log", None, None, "", ("halted", "≠", "another log")),
    ("exact", 0, 0, "forked", ("halted", "?", "halted: forked")),
]


async def test_every_cell_says_what_is_known_and_nothing_else(opened: Open) -> None:
    look = await opened("us-iowa")
    script = "async (cell) => (await import('/dashboard/words.js')).cellInWords(cell, 'asia-japan', 'us-iowa')"
    for certainty, events, milliseconds, halted, expected in CELLS:
        words: dict[str, str] = await look.page.evaluate(script, cell(certainty, events, milliseconds, halted))
        shown = tuple(words[part].replace("\u00a0", " ") for part in ("level", "above", "below"))
        assert shown == expected, certainty
        assert words["label"].startswith("asia-japan behind us-iowa: ")
        assert ("not known" in words["label"]) == (expected[1] == "?")


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
async def test_ten_regions_have_room_and_only_the_matrix_is_scrolled_sideways(
    opened: Open, width: int, scheme: str
) -> None:
    look = await opened("us-iowa", width=width, scheme=scheme)

    await tell(look, ("present", ten_regions()))
    await expect(look.page.locator('[role="gridcell"]')).to_have_count(100)
    assert await look.page.evaluate("document.documentElement.scrollWidth") == width
    await look.page.keyboard.press("Tab")
    for _ in range(9):
        await look.page.keyboard.press("ArrowRight")
    await expect(look.page.locator(":focus")).to_be_in_viewport(ratio=1)
    assert await look.covered() == []
    await look.keep(f"ten-regions-{scheme}-{width}")


async def test_what_is_looked_at_first_is_the_worst_that_is_known(opened: Open) -> None:
    look = await opened("us-iowa")
    names = ["us-iowa", "europe-belgium"]
    lags = [cell("exact", 0, 0), cell("last_heard", 9, 90_000), cell("at_most", 3, 1_200), cell("exact", 1, 140)]
    await tell(look, ("present", present(names, lags)))
    await expect(look.page.locator("#timeline-title")).to_have_text(
        "europe-belgium behind us-iowa: the last 15 minutes"
    )
    await look.keep("two-regions")


async def test_the_time_line_follows_the_worst_and_then_the_worst_of_the_past_until_a_cell_is_chosen(
    opened: Open,
) -> None:
    look = await opened("us-iowa")
    title = look.page.locator("#timeline-title")
    nothing = cell("exact", 0, 0)
    second = itertools.count()

    async def shows(behind_iowa: Json, behind_belgium: Json, expected: str) -> None:
        """Belgium's cell for Iowa's log is the third, and Iowa's for Belgium's the second."""
        await look.page.evaluate(
            "(message) => window.source.dispatchEvent(new MessageEvent('present', { data: JSON.stringify(message) }))",
            present(
                ["us-iowa", "europe-belgium"],
                [nothing, behind_belgium, behind_iowa, nothing],
                at_milliseconds=SINCE + 1_000 * next(second),
            ),
        )
        await expect(title).to_have_text(f"{expected}: the last 15 minutes")

    await look.page.add_init_script(HELD_SOURCE)
    await look.page.reload()
    belgium, iowa = "europe-belgium behind us-iowa", "us-iowa behind europe-belgium"
    await shows(nothing, nothing, belgium)
    await shows(nothing, cell("exact", 3, 400), belgium)
    await shows(nothing, cell("exact", 3, 1_200), iowa)
    await shows(cell("exact", 3, 2_400), cell("exact", 3, 1_200), iowa)
    await shows(cell("exact", 3, 5_400), cell("exact", 3, 1_300), belgium)
    await shows(cell("exact", 3, 5_400), cell("other_log", None, None), iowa)
    await shows(nothing, nothing, belgium)
    said = "Worst of the last 15 minutes: europe-belgium behind us-iowa by 5.4 s, at 11:59:52."
    await expect(look.page.locator("#worst")).to_have_text(said)
    await look.place("us-iowa", "us-iowa").click()
    await shows(cell("exact", 3, 9_000), nothing, "us-iowa behind its own log")


async def test_a_region_that_was_cut_off_shows_first_what_it_misses_itself(opened: Open) -> None:
    """All cells for the logs of the others are unknown equally long, also those of a region for its own log."""
    look = await opened("us-iowa")
    names = ["us-iowa", "europe-belgium", "asia-japan"]
    well, unknown = cell("exact", 0, 0), cell("last_heard", 0, 0)
    pair = "asia-japan behind us-iowa"

    def after(seconds: int, cells: list[Json]) -> tuple[str, Json]:
        return "present", {**present(names, cells, at_milliseconds=SINCE + 1_000 * seconds), "here": "asia-japan"}

    cut_off = [after(second, [unknown, unknown, well] * 3) for second in range(6)]
    await tell(look, *cut_off)
    await expect(look.page.locator("#timeline-title")).to_have_text(f"{pair}: the last 15 minutes")
    await tell(look, *cut_off, after(6, [well] * 9))
    said = f"Worst of the last 15 minutes: {pair}, not known from here for 6.0 s."
    await expect(look.page.locator("#worst")).to_have_text(said)


HELD_SOURCE = """window.EventSource = class extends EventTarget {
  constructor() {
    super();
    window.source = this;
  }
};"""
"""A stream on which the page receives a test's events, and nothing else."""


@pytest.mark.parametrize("width", [320, 375, 768])
async def test_a_screen_of_any_width_has_room_for_three_regions(opened: Open, width: int) -> None:
    look = await opened("us-iowa", width=width)
    lags = [cell(certainty, events, age, halted) for certainty, events, age, halted, _ in CELLS]
    await tell(look, ("present", present(["us-iowa", "europe-belgium", "asia-japan"], lags[-9:])))
    await expect(look.page.locator('[role="gridcell"]')).to_have_count(9)
    assert await look.page.evaluate("document.documentElement.scrollWidth") == width
    assert await look.page.locator(".scroll").evaluate_all(CUT_AT_THE_SIDE) == []
    assert await look.covered() == []
    await look.keep(f"three-regions-{width}")


CUT_AT_THE_SIDE = """parts => parts.map((part) => [part.scrollWidth, part.clientWidth])
  .filter(([needed, there]) => needed > there)"""


def ten_regions() -> Json:
    cells = [cell(certainty, events, milliseconds, halted) for certainty, events, milliseconds, halted, _ in CELLS]
    names = [*(f"a-region-with-a-long-name-{number}" for number in range(9)), "aregionwhosenamehasnohyphenatall"]
    return present(names, [cells[place % len(cells)] for place in range(100)])

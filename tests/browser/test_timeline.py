"""Every moment of the last 15 minutes can be read without a pointer and without seeing the chart."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NARROW, WIDE, Open
from tests.browser.looking import PATIENCE_MILLISECONDS, Look
from tests.browser.telling import Json, cell, present, tell

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NAMES = ["us-iowa", "europe-belgium", "asia-japan"]
JAPAN_BEHIND_IOWA = 6
NOON_MILLISECONDS = 1_773_489_600_000
SAMPLES = 15 * 60
NOT_KNOWN = -1
WELL = [cell("exact", 0, 0)] * 9


async def test_the_time_line_is_walked_and_read_by_keyboard_alone(opened: Open) -> None:
    look = await told_a_cut(await opened("us-iowa"))
    keyboard, focused = look.page.keyboard, look.page.locator(":focus")
    await keyboard.press("Tab")
    await expect(focused).to_have_attribute("aria-label", "asia-japan behind us-iowa: nothing is missing.")
    await keyboard.press("Tab")
    await expect(focused).to_have_accessible_name("asia-japan behind us-iowa: the last 15 minutes")
    await expect(focused).to_have_accessible_description(re.compile("arrow keys move by a second"))
    walk = [
        ("End", "12:00:00", "nothing was missing."),
        ("ArrowLeft", "11:59:59", "not known from here."),
        ("ArrowDown", "11:59:58", "not known from here."),
        ("PageDown", "11:58:58", "262 events not known to be applied, the oldest 14.4 s old."),
        ("ArrowRight", "11:58:59", "1 event not known to be applied, the oldest 140 ms old."),
        ("ArrowUp", "11:59:00", "not known from here."),
        ("Home", "11:45:01", "nothing was missing."),
        ("ArrowLeft", "11:45:01", "nothing was missing."),
        ("PageUp", "11:46:01", "nothing was missing."),
        ("End", "12:00:00", "nothing was missing."),
        ("PageUp", "12:00:00", "nothing was missing."),
    ]
    for key, at, said in walk:
        await keyboard.press(key)
        await expect(focused).to_have_attribute("aria-valuetext", f"{at} UTC: {said}")
        await expect(look.page.locator("#moment dd").first).to_have_text(at)


async def test_what_is_read_is_also_there_to_see_and_so_is_where_it_is(opened: Open) -> None:
    look = await told_a_cut(await opened("us-iowa", width=NARROW, scheme="dark"))
    page = look.page
    moment = page.locator("#moment")
    await expect(moment).to_have_text("latest 12:00:00 age of the oldest 0 ms events 0", use_inner_text=True)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    for key in ("ArrowLeft", "ArrowLeft", "PageDown"):
        await page.keyboard.press(key)
    await expect(moment).to_have_text("at 11:58:58 age of the oldest 14.4 s events 262", use_inner_text=True)
    await expect(page.locator(":focus")).to_have_css("outline-style", "solid")
    await expect(page.locator("#timeline .u-cursor-x")).to_be_visible()
    await look.keep("moment")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await expect(moment).to_have_text("at 11:59:00 age of the oldest not known events not known", use_inner_text=True)
    await page.keyboard.press("Tab")
    await expect(moment).to_contain_text("latest")
    said = "Worst: 14.4 s, at 11:58:58; not known from here for 61 s (hatched)."
    await expect(page.locator("#timeline-says")).to_have_text(said)


async def test_a_moment_stays_while_the_time_goes_on(opened: Open) -> None:
    look = await opened("us-iowa")
    page = look.page
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    slider = page.get_by_role("slider")
    await expect(slider).to_be_focused()
    said = await slider.get_attribute("aria-valuetext")
    newest = int(await slider.get_attribute("aria-valuemax") or 0)
    for later in (newest + 1, newest + 2):
        await expect(slider).to_have_attribute("aria-valuemax", str(later), timeout=PATIENCE_MILLISECONDS)
        assert await slider.get_attribute("aria-valuetext") == said


async def test_a_moment_is_read_where_the_pointer_is_and_kept_where_it_was_pressed(opened: Open) -> None:
    look = await told_a_cut(await opened("us-iowa", width=WIDE))
    page = look.page
    over, when = page.locator("#timeline .u-over"), page.locator("#moment dd").first
    await over.scroll_into_view_if_needed()
    box = await over.bounding_box()
    assert box is not None
    half_way = re.compile(r"11:52:(29|3[012])")
    middle = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"], middle)
    await expect(when).to_have_text("11:45:01")
    await page.mouse.click(box["x"] + box["width"] / 2, middle)
    await expect(when).to_have_text(half_way)
    await page.mouse.move(box["x"], middle)
    await expect(when).to_have_text("11:45:01")
    await page.mouse.move(0, 0)
    await expect(when).to_have_text(half_way)


async def test_a_page_that_is_open_for_hours_keeps_a_quarter_of_an_hour_and_grows_no_further(opened: Open) -> None:
    look = await opened("us-iowa")
    seconds = 1_200
    presents = [
        ("present", present(NAMES, WELL, at_milliseconds=NOON_MILLISECONDS + 1_000 * second))
        for second in range(seconds)
    ]
    await tell(look, *presents[:1])
    await expect(look.page.locator("#live")).to_have_text("live · 12:00:00")
    elements = await look.page.evaluate("document.querySelectorAll('*').length")
    await tell(look, *presents)
    await expect(look.page.locator("#live")).to_have_text("live · 12:19:59", timeout=PATIENCE_MILLISECONDS)
    assert await look.page.evaluate("document.querySelectorAll('*').length") == elements
    slider = look.page.get_by_role("slider")
    oldest, newest = [int(await slider.get_attribute(f"aria-value{end}") or 0) for end in ("min", "max")]
    assert newest - oldest == SAMPLES - 1


async def test_what_the_service_has_not_looked_at_is_not_known(opened: Open) -> None:
    look = await opened("us-iowa")
    times = [NOON_MILLISECONDS - 1_000 * ago for ago in (50, 49, 10, 9, 0)]
    await tell(
        look,
        ("past", past(times, [0] * 5, [0] * 5)),
        ("present", present(NAMES, WELL, at_milliseconds=NOON_MILLISECONDS)),
    )
    said = "Remembered since 11:59:10. Nothing was missing; not known from here for 48 s (hatched)."
    await expect(look.page.locator("#timeline-says")).to_have_text(said)


async def test_where_nothing_was_ever_known_it_is_not_said_that_nothing_was_missing(opened: Open) -> None:
    look = await opened("us-iowa")
    await tell(look, ("present", present(NAMES, [cell("never_heard", None, None)] * 9)))
    said = "Remembered since 11:59:48. Not known from here at any time."
    await expect(look.page.locator("#timeline-says")).to_have_text(said)


async def told_a_cut(look: Look) -> Look:
    """Two samples with a lag of asia-japan, then a minute in which it is not known. Then all is well."""
    times = [NOON_MILLISECONDS - 1_000 * ago for ago in reversed(range(SAMPLES))]
    events = [0] * (SAMPLES - 63) + [262, 1] + [NOT_KNOWN] * 60 + [0]
    milliseconds = [0] * (SAMPLES - 63) + [14_400, 140] + [NOT_KNOWN] * 60 + [0]
    await tell(
        look,
        ("past", past(times, events, milliseconds)),
        ("present", present(NAMES, WELL, at_milliseconds=NOON_MILLISECONDS)),
    )
    await look.until_live()
    await look.place("asia-japan", "us-iowa").click()
    await look.page.locator("body").click(position={"x": 1, "y": 1})
    return look


def past(times: list[int], events: list[int], milliseconds: list[int]) -> Json:
    """The past of asia-japan behind us-iowa. Nothing was missing in any other pair."""
    none = [0] * len(times)
    return {
        "regions": NAMES,
        "not_known": NOT_KNOWN,
        "at_milliseconds": times,
        "events": [events if place == JAPAN_BEHIND_IOWA else none for place in range(9)],
        "milliseconds": [milliseconds if place == JAPAN_BEHIND_IOWA else none for place in range(9)],
    }

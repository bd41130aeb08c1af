"""The lag page in a real browser: it shows a cut and what is not known, and every reader can use it."""

import asyncio
import re
import socket

import pytest
from playwright.async_api import expect

from deploy.local import LocalRegions
from tests.browser.conftest import NARROW, Open
from tests.browser.looking import PATIENCE_MILLISECONDS, Look
from tests.e2e.callers import calling_all, under_load

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CUT = "asia-japan"
REGIONS = ("us-iowa", "europe-belgium", CUT)
RISEN_MILLISECONDS = 500
"""Several times the usual way of an event."""

LOOKS = (("light", 1_280), ("dark", NARROW))


async def test_a_cut_regions_lag_rises_within_3_s_and_falls_to_zero_after_healing(
    demo: LocalRegions, opened: Open
) -> None:
    looks = {f"{scheme}-{width}": await opened("us-iowa", scheme=scheme, width=width) for scheme, width in LOOKS}
    look, *_ = looks.values()
    loop = asyncio.get_running_loop()
    async with calling_all(demo) as callers:
        async with under_load(list(callers.values()), each=1, pause_seconds=0.2):
            assert (await look.cell(CUT, "us-iowa")).milliseconds < RISEN_MILLISECONDS
            await demo.cut(CUT)
            cut_at = loop.time()
            await risen(look, above_milliseconds=RISEN_MILLISECONDS)
            seconds = loop.time() - cut_at
            print(f"the page showed that the lag rises {seconds:.2f} s after the cut")
            assert seconds < 3
            await risen(look, above_milliseconds=5_000)
            await look.says(f"{CUT} is not heard, and up to")
            await look.says("Writes with all_regions wait for it.")
            assert (await look.cell(CUT, "us-iowa")).below.startswith("≤ ")
            assert (await look.cell("us-iowa", CUT)).above == "?"
            for name, one in looks.items():
                assert await one.covered() == []
                await one.keep(f"cut-{name}")
            await demo.heal(CUT)
        await in_step(look)
    await look.says("Every region has applied everything")
    for name, one in looks.items():
        await one.keep(f"healed-{name}")


async def risen(look: Look, *, above_milliseconds: int) -> None:
    """Return once the cell of the cut-off region shows an age above this."""
    async with asyncio.timeout(20):
        while (await look.cell(CUT, "us-iowa")).milliseconds <= above_milliseconds:
            await asyncio.sleep(0.02)


async def in_step(look: Look) -> None:
    """Return once every cell shows that nothing is missing."""
    cells = look.page.locator('[role="gridcell"]')
    await expect(cells).to_have_count(len(REGIONS) ** 2)
    await expect(look.page.locator('[role="gridcell"][data-level="none"]')).to_have_count(
        len(REGIONS) ** 2, timeout=PATIENCE_MILLISECONDS
    )
    for behind in REGIONS:
        for origin in REGIONS:
            assert await look.cell(behind, origin) == ("none", "0 ms", "0 events")


async def test_a_region_that_is_cut_off_says_on_its_own_page_what_it_cannot_know_and_since_when(
    demo: LocalRegions, opened: Open
) -> None:
    looks = {f"{scheme}-{width}": await opened(CUT, scheme=scheme, width=width) for scheme, width in LOOKS}
    look, *_ = looks.values()
    await in_step(look)
    await demo.cut(CUT)
    try:
        await look.says(f"{CUT} hears no other region")
        await look.says("Not known from here: where their logs end by now")
        for origin in ("us-iowa", "europe-belgium"):
            for behind in REGIONS:
                cell = await look.cell(behind, origin)
                assert (cell.level, cell.above) == ("unknown", "?")
                assert cell.below.startswith("since ")
        assert await look.cell(CUT, CUT) == ("none", "0 ms", "0 events")
        for name, one in looks.items():
            await one.keep(f"cut-off-{name}")
    finally:
        await demo.heal(CUT)
    await in_step(look)


async def test_a_region_whose_own_nats_stops_says_so_and_so_do_the_others(demo: LocalRegions, opened: Open) -> None:
    look, elsewhere = await opened("us-iowa"), await opened("europe-belgium")
    await in_step(look)
    nats = demo.region("us-iowa").nats
    nats.pause()
    try:
        await look.says("us-iowa is not ready")
        await look.says("it waits for NATS of us-iowa")
        await look.says("Writes here return 503, and nothing is done.")
        await expect(look.page.locator(".headline")).not_to_contain_text("still serves")
        await look.keep("own-nats-stopped")
        await elsewhere.says("us-iowa cannot reach its own NATS: it takes no writes.")
        await expect(elsewhere.page.locator("#headline")).to_have_text("us-iowa cannot reach its own NATS")
        await elsewhere.keep("nats-of-another-region-stopped")
    finally:
        nats.resume()
    await in_step(look)


async def test_the_cells_are_walked_by_keyboard_and_the_time_line_follows(opened: Open) -> None:
    look = await opened("us-iowa")
    page = look.page
    await in_step(look)
    await page.keyboard.press("Tab")
    focused = page.locator(":focus")
    await expect(focused).to_have_attribute("role", "gridcell")
    await page.keyboard.press("Home")
    for key in ("ArrowUp", "ArrowUp", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        await page.keyboard.press(key)
    await expect(focused).to_have_attribute("aria-label", f"{CUT} behind europe-belgium: nothing is missing.")
    await expect(focused).to_have_attribute("aria-selected", "true")
    await expect(page.locator("#timeline-title")).to_have_text(f"{CUT} behind europe-belgium: the last 15 minutes")
    await expect(page.locator('[role="gridcell"][tabindex="0"]')).to_have_count(1)
    await page.keyboard.press("End")
    await expect(page.locator("#timeline-title")).to_have_text(f"{CUT} behind its own log: the last 15 minutes")
    await page.keyboard.press("Tab")
    await expect(focused).to_have_attribute("role", "slider")
    await page.keyboard.press("Tab")
    await expect(focused).to_have_text("How to read this page")
    await page.keyboard.press("Tab")
    await expect(focused).to_have_attribute("href", "schema")


async def test_a_page_names_the_process_of_its_writes_and_waiting_requests(demo: LocalRegions, opened: Open) -> None:
    look = await opened(CUT)
    process = f"{socket.gethostname()}:{demo.region(CUT).http_url.rpartition(':')[2]}"
    await look.says(f"Seen from {CUT}, by its process {process}.")
    for figures, what in (("#paces-whose", "Answered by"), ("#waiting-whose", "Requests to")):
        await expect(look.page.locator(figures)).to_have_text(f"{what} {CUT}'s process {process}.")
    await expect(look.page.get_by_role("table", name="Writes")).to_have_accessible_description(re.compile(process))


CONTRASTS = """() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const root = getComputedStyle(document.documentElement);
  const contrast = ([text, ground]) => {
    const [one, other] = [text, ground].map((name) => luminance(root.getPropertyValue(name))).sort((a, b) => b - a);
    return [`${text} on ${ground}`, (one + 0.05) / (other + 0.05)];
  };
  const levels = ["none", "moving", "behind", "far", "unknown", "halted"];
  const grounds = ["--card", "--ground", "--warning-ground", "--alarm-ground"];
  return Object.fromEntries([
    ...levels.map((level) => [`--${level}-text`, `--${level}`]),
    ["--unknown-text", "--hatch"],
    ...grounds.map((ground) => ["--text", ground]),
    ["--muted", "--card"],
    ["--muted", "--ground"],
    ["--accent", "--ground"],
  ].map(contrast));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_as_wcag_aa_asks(opened: Open, scheme: str) -> None:
    look = await opened("us-iowa", scheme=scheme)
    contrasts: dict[str, float] = await look.page.evaluate(CONTRASTS)
    assert len(contrasts) == 14
    assert {pair: ratio for pair, ratio in contrasts.items() if ratio < 4.5} == {}
    lines: dict[str, float] = await look.page.evaluate(CONTRASTS.replace("--accent", "--chart"))
    assert lines["--chart on --ground"] >= 3


async def test_every_level_has_an_icon_and_words_besides_its_colour(opened: Open) -> None:
    look = await opened("us-iowa")
    shapes: list[list[str]] = await look.page.locator("#key li").evaluate_all(
        "items => items.map((item) => [item.querySelector('path').getAttribute('d'), item.innerText.trim()])"
    )
    assert len(shapes) == len({shape for shape, _ in shapes}) == len({words for _, words in shapes}) == 6
    await expect(look.page.locator('[role="gridcell"] svg')).to_have_count(len(REGIONS) ** 2)


async def test_on_a_telephone_nothing_is_cut_off_at_the_side(opened: Open) -> None:
    look = await opened("us-iowa", width=NARROW)
    await in_step(look)
    assert await look.page.evaluate("document.documentElement.scrollWidth") == NARROW
    assert await look.covered() == []


async def test_a_page_whose_service_is_gone_says_since_when_and_is_live_again_by_itself(
    demo: LocalRegions, opened: Open, seen_elsewhere: list[str]
) -> None:
    look = await opened("europe-belgium")
    (service,) = demo.region("europe-belgium").services
    await service.stop()
    await look.says("This service of europe-belgium is not heard")
    await look.says("It has sent nothing since")
    await expect(look.page.locator("#live")).to_have_text("no connection")
    await look.keep("no-connection")
    await service.start()
    await service.wait_ready()
    await look.until_live()
    await expect(look.page.locator("#silence")).to_be_hidden()
    refused = "console: Failed to load resource: net::ERR_CONNECTION_REFUSED"
    assert set(seen_elsewhere) <= {refused, "console: Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING"}
    seen_elsewhere.clear()


async def test_what_a_page_would_ask_of_another_host_is_stopped_and_noticed(
    opened: Open, seen_elsewhere: list[str]
) -> None:
    look = await opened("us-iowa")
    await look.page.evaluate("fetch('https://elsewhere.invalid/').catch(() => null)")
    async with asyncio.timeout(5):
        while not any("Content Security Policy" in one for one in seen_elsewhere):
            await asyncio.sleep(0.02)
    seen_elsewhere.clear()

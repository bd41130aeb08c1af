"""`python -m tests.browser.picture`: make docs/images/dashboard-cut.png, the page of a region during a cut.

It starts three regions, writes to each of them, cuts asia-japan off, and waits until that region is far behind.
"""

import asyncio
import shutil
from pathlib import Path

from playwright.async_api import async_playwright

from deploy.local import local_regions
from tests.browser.conftest import FLAGS
from tests.browser.looking import Look
from tests.browser.small_png import small
from tests.e2e.callers import calling_all, under_load
from tests.servers_here import accepted_here

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "dashboard-cut.png"
CUT = "asia-japan"
BEHIND_MILLISECONDS = 20_000
WELL_SECONDS = 20
"""The time before the cut, so that the chart shows both."""

WIDTH, HEIGHT = 1_120, 1_000


async def main() -> None:
    """Make the picture. It takes about a minute."""
    settings = {"CROSSHOOK_PATCHED_SERVERS": accepted_here()}
    async with local_regions(settings=settings) as demo, async_playwright() as playwright, calling_all(demo) as callers:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        look = Look(page)
        async with under_load(list(callers.values()), each=1, pause_seconds=0.2):
            await asyncio.sleep(WELL_SECONDS)
            await page.goto(f"{demo.region('us-iowa').http_url}/dashboard")
            await look.until_live()
            await demo.cut(CUT)
            while (await look.cell(CUT, "us-iowa")).milliseconds < BEHIND_MILLISECONDS:
                await asyncio.sleep(0.2)
            end = await page.locator(".timeline").bounding_box()
            assert end is not None
            clip = {"x": 0.0, "y": 0.0, "width": float(WIDTH), "height": end["y"] + end["height"] + 12}
            picture = await page.screenshot(clip=clip, full_page=True)  # type: ignore[arg-type]
            await demo.heal(CUT)
        await browser.close()
    PICTURE.write_bytes(small(picture))


if __name__ == "__main__":
    asyncio.run(main())

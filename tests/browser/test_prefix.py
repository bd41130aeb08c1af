"""Both pages work behind a proxy that serves a region below a prefix, and load nothing from outside of it."""

import re

import pytest
from playwright.async_api import Route, expect

from deploy.local import LocalRegions
from tests.browser.conftest import Open
from tests.browser.looking import PATIENCE_MILLISECONDS, Look

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PREFIX = "/hooks"


async def below_prefix(look: Look) -> list[str]:
    """Remove the prefix from the page's requests, as a proxy does. Returns the page's other requests."""
    outside: list[str] = []

    async def pass_on(route: Route) -> None:
        if f"{PREFIX}/" not in route.request.url:
            outside.append(route.request.url)
        await route.continue_(url=route.request.url.replace(f"{PREFIX}/", "/"))

    await look.page.route("**/*", pass_on)
    return outside


async def test_the_dashboard_is_live_below_a_prefix(demo: LocalRegions, opened: Open) -> None:
    look = await opened("us-iowa")
    outside = await below_prefix(look)
    await look.page.goto(f"{demo.region('us-iowa').http_url}{PREFIX}/dashboard")
    await look.until_live()
    assert outside == []


async def test_the_page_of_the_api_is_whole_and_sends_its_requests_below_a_prefix(
    demo: LocalRegions, opened: Open
) -> None:
    look = await opened("us-iowa")
    outside = await below_prefix(look)
    await look.page.goto(f"{demo.region('us-iowa').http_url}{PREFIX}/dashboard")
    await look.page.get_by_role("link", name="The API").click()
    livez = look.page.locator(".opblock").filter(has=look.page.locator("[data-path='/livez']"))
    await livez.locator(".opblock-summary-control").click()
    await livez.get_by_role("button", name="Try it out").click()
    await livez.get_by_role("button", name="Execute").click()
    asked = livez.locator(".request-url pre")
    await expect(asked).to_have_text(re.compile(rf":\d+{PREFIX}/livez$"), timeout=PATIENCE_MILLISECONDS)
    await expect(livez.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert outside == []

"""The requests that the page at `/schema` sends when a user tries an operation."""

import re
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, expect

from deploy.local import LocalRegions

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MILLISECONDS = 60_000
WRITES = ("create_webhook", "update_webhook", "revoke_api_key")
"""One operation of each method, also of the administrator's."""

KEY = "idempotency-key"


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, demo: LocalRegions) -> AsyncIterator[Page]:
    """The page, without a key."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    await page.goto(f"{demo.region('us-iowa').http_url}/schema")
    yield page
    await context.close()


async def tried(page: Page, name: str, *, idempotency_key: str = "") -> Request:
    """The request that the page sends for this operation, with its examples."""
    operation = page.locator(f'[id$="-{name}"]')
    await operation.locator(".opblock-summary-control").click()
    await operation.get_by_role("button", name="Try it out").click()
    if idempotency_key:
        await operation.locator('tr[data-param-name="Idempotency-Key"] input').fill(idempotency_key)
    async with page.expect_request(lambda request: request.method != "GET") as asked:
        await operation.get_by_role("button", name="Execute").click()
    await expect(operation.locator(".live-responses-table")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    return await asked.value


async def test_every_write_gets_an_idempotency_key_of_its_own_if_none_is_typed(page: Page) -> None:
    keys = [(await tried(page, name)).headers.get(KEY, "") for name in WRITES]
    assert all(re.fullmatch("[0-9a-f]{32}", key) for key in keys), keys
    assert len(set(keys)) == len(WRITES)


async def test_a_typed_idempotency_key_is_sent_as_it_is(page: Page) -> None:
    assert (await tried(page, "create_webhook", idempotency_key="mine")).headers[KEY] == "mine"


CONTRAST = """() => {
  const luminance = (color) => {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = luminance(getComputedStyle(document.documentElement).backgroundColor);
  const text = luminance(getComputedStyle(document.querySelector(".info p")).color);
  return [ground < 0.1, (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05)];
}"""
"""Whether the page's background is dark, and the contrast of its text (WCAG 2.2, 1.4.3)."""

READABLE = 4.5


async def test_the_page_follows_the_readers_dark_mode(page: Page) -> None:
    await until_shown_in(page, "dark")
    is_dark, contrast = await page.evaluate(CONTRAST)
    assert is_dark
    assert contrast >= READABLE


async def test_the_page_follows_the_reader_back_to_light(page: Page) -> None:
    await until_shown_in(page, "dark")
    await until_shown_in(page, "light")
    await expect(page.locator("html")).to_have_css("background-color", "rgba(0, 0, 0, 0)")


async def until_shown_in(page: Page, scheme: Literal["dark", "light"]) -> None:
    """Change the system to `scheme`, and return once the page has followed."""
    await expect(page.locator(".info p").first).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    await page.emulate_media(color_scheme=scheme)
    expected = "dark-mode" if scheme == "dark" else ""
    await expect(page.locator("html")).to_have_class(expected, timeout=PATIENCE_MILLISECONDS)

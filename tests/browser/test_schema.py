"""What the page at `/schema` sends, when somebody tries an operation on it."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, expect

from deploy.local import LocalRegions

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MILLISECONDS = 60_000
WRITES = ("create_webhook", "update_webhook", "revoke_api_key")
"""One of each method, also of the administrator's."""

KEY = "idempotency-key"


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, demo: LocalRegions) -> AsyncIterator[Page]:
    """The page, with nobody's key."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    await page.goto(f"{demo.region('us-iowa').http_url}/schema")
    yield page
    await context.close()


async def tried(page: Page, name: str, *, idempotency_key: str = "") -> Request:
    """The request that the page sends for the operation of that name, with its examples."""
    operation = page.locator(f'[id$="-{name}"]')
    await operation.locator(".opblock-summary-control").click()
    await operation.get_by_role("button", name="Try it out").click()
    if idempotency_key:
        await operation.locator('tr[data-param-name="Idempotency-Key"] input').fill(idempotency_key)
    async with page.expect_request(lambda request: request.method != "GET") as asked:
        await operation.get_by_role("button", name="Execute").click()
    await expect(operation.locator(".live-responses-table")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    return await asked.value


async def test_every_write_has_an_idempotency_key_of_its_own_though_nobody_typed_one(page: Page) -> None:
    keys = [(await tried(page, name)).headers.get(KEY, "") for name in WRITES]
    assert all(re.fullmatch("[0-9a-f]{32}", key) for key in keys), keys
    assert len(set(keys)) == len(WRITES)


async def test_an_idempotency_key_that_somebody_typed_is_sent_as_it_is(page: Page) -> None:
    assert (await tried(page, "create_webhook", idempotency_key="mine")).headers[KEY] == "mine"

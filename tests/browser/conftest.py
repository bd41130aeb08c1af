"""Three regions, and a browser that loads their pages and nothing from other hosts."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Request, async_playwright

from deploy.local import LocalRegions, local_regions
from tests.browser.looking import Look

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, NARROW = 1_280, 390

Open = Callable[..., Awaitable[Look]]


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def demo() -> AsyncIterator[LocalRegions]:
    """Three regions. A test that cuts one off heals it."""
    async with local_regions() as demo:
        yield demo


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's chromium. No browser is downloaded."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        yield browser
        await browser.close()


@pytest.fixture
def seen_elsewhere() -> list[str]:
    """The page's requests to other hosts, and the lines on its console. It must stay empty."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser, demo: LocalRegions, seen_elsewhere: list[str]) -> AsyncIterator[Open]:
    """Open a region's page with this width and colour scheme. At the end `seen_elsewhere` must be empty."""

    def asked(request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1":
            seen_elsewhere.append(f"request: {request.url}")

    def said(message: ConsoleMessage) -> None:
        seen_elsewhere.append(f"console: {message.text}")

    async with AsyncExitStack() as stack:

        async def open_page(region: str, *, width: int = WIDE, scheme: str = "light") -> Look:
            context = await browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            stack.push_async_callback(context.close)
            page = await context.new_page()
            page.on("request", asked)
            page.on("console", said)
            page.on("pageerror", lambda error: seen_elsewhere.append(f"error: {error}"))
            await page.goto(f"{demo.region(region).http_url}/dashboard")
            look = Look(page)
            await look.until_live()
            return look

        yield open_page
    assert seen_elsewhere == []

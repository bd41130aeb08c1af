"""A page as users see it: its cells, its sentences, its picture."""

import re
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Locator, Page, expect

ARTEFACTS = Path(__file__).parents[2] / "test-artefacts"
"""The directory of screenshots, which show what a test saw."""

PATIENCE_MILLISECONDS = 15_000
_UNITS = {"ms": 1, "s": 1_000, "min": 60_000}


_COVERED = """cells => cells.filter((cell) => {
  const icon = cell.querySelector("svg").getBoundingClientRect();
  const sides = cell.getBoundingClientRect();
  const lines = [...cell.querySelectorAll("strong, span")].flatMap((part) => {
    const text = document.createRange();
    text.selectNodeContents(part);
    return [...text.getClientRects()];
  });
  const isOut = (line) => line.left < sides.left || line.right > sides.right;
  const isUnder = (line) => line.right > icon.left && line.top < icon.bottom && line.bottom > icon.top;
  return lines.some((line) => isOut(line) || isUnder(line));
}).map((cell) => cell.innerText)"""


class Cell(NamedTuple):
    """The content of a cell: its level and its two lines."""

    level: str
    above: str
    below: str

    @property
    def milliseconds(self) -> float:
        """The age in the cell; below 0 if it has none."""
        parts = re.findall(r"([\d.]+) (ms|s|min)\b", self.above)
        return sum(float(number) * _UNITS[unit] for number, unit in parts) if parts else -1


class Look:
    """One open page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def until_live(self) -> None:
        """Return once the page shows live data."""
        await expect(self.page.locator("#live")).to_contain_text("live", timeout=PATIENCE_MILLISECONDS)

    def place(self, behind: str, origin: str) -> Locator:
        """A cell, found by its accessible name."""
        pair = f"{behind} behind {'its own log' if behind == origin else origin}:"
        return self.page.locator(f'[role="gridcell"][aria-label^="{pair}"]')

    async def cell(self, behind: str, origin: str) -> Cell:
        """The present content of a cell."""
        level, above, below = await self.place(behind, origin).evaluate(
            "cell => [cell.dataset.level, cell.querySelector('strong').innerText, cell.querySelector('span').innerText]"
        )
        return Cell(level, above.replace("\u00a0", " "), below.replace("\u00a0", " "))

    async def covered(self) -> list[str]:
        """The cells whose text overlaps their icon or crosses their border."""
        covered: list[str] = await self.page.locator('[role="gridcell"]').evaluate_all(_COVERED)
        return covered

    async def says(self, text: str) -> None:
        """Return once the headline or a note has this text."""
        said = self.page.locator(".headline")
        await expect(said).to_contain_text(text, timeout=PATIENCE_MILLISECONDS)

    async def keep(self, name: str) -> None:
        """Save a screenshot."""
        ARTEFACTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=ARTEFACTS / f"dashboard-{name}.png", full_page=True)

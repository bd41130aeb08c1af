"""Say what regions that are starting wait for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console

_REFRESH_SECONDS = 0.2
_LINE_SECONDS = 2.0
"""How often a line is written where no line can be rewritten."""
_NAMED_MAX = 3


class Progress:
    """Who waits for what."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def report(self, process: str, reason: str) -> None:
        """`process` waits for `reason`; with an empty one for nothing more."""
        if reason:
            self._reasons[process] = reason
        else:
            self._reasons.pop(process, None)

    @property
    def text(self) -> str:
        """One line about the first few, and how many there are."""
        named = [f"{process} ({reason})" for process, reason in list(self._reasons.items())[:_NAMED_MAX]]
        more = len(self._reasons) - len(named)
        return f"waiting for {', '.join(named)}{f' and {more} more' if more else ''}" if named else "starting"


@asynccontextmanager
async def showing(progress: Progress, console: Console) -> AsyncIterator[None]:
    """Keep `progress` on the console: in place on a terminal, as a line now and then elsewhere."""
    task = asyncio.create_task(_rewrite(progress, console) if console.is_terminal else _write(progress, console))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _rewrite(progress: Progress, console: Console) -> None:
    with console.status("starting") as line:
        while True:
            line.update(progress.text.replace("[", r"\["))
            await asyncio.sleep(_REFRESH_SECONDS)


async def _write(progress: Progress, console: Console) -> None:
    while True:
        await asyncio.sleep(_LINE_SECONDS)
        console.print(progress.text, markup=False, highlight=False, soft_wrap=True)

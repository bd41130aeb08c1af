"""Show how many processes of the starting regions are ready."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from rich.console import Console

_REFRESH_SECONDS = 0.2
_LINE_SECONDS = 2.0
"""How often a line is written to a file or a pipe, which cannot rewrite one."""
DETAILS_AFTER_SECONDS = 10.0
"""A start that takes longer than this names the processes that are not ready, and what each of them waits for."""
_NAMED_MAX = 3


class Progress:
    """The reason why each process waits."""

    def __init__(self, now_seconds: Callable[[], float] = time.monotonic) -> None:
        self._now_seconds = now_seconds
        self._began_seconds = now_seconds()
        self._reasons: dict[str, str] = {}

    def report(self, process: str, reason: str) -> None:
        """Note that `process` waits for `reason`. An empty reason means that the process is ready."""
        self._reasons[process] = reason

    @property
    def text(self) -> str:
        """One line: how many processes are ready, and after 10 s the first few that are not."""
        if not self._reasons:
            return "starting"
        waiting = [f"{process} ({reason})" for process, reason in self._reasons.items() if reason]
        count = f"starting: {len(self._reasons) - len(waiting)} of {len(self._reasons)} ready"
        if not waiting or self._now_seconds() < self._began_seconds + DETAILS_AFTER_SECONDS:
            return count
        more = len(waiting) - _NAMED_MAX
        return f"{count}; waiting for {', '.join(waiting[:_NAMED_MAX])}{f' and {more} more' if more > 0 else ''}"


@asynccontextmanager
async def showing(progress: Progress, console: Console) -> AsyncIterator[None]:
    """Keep `progress` on the console: one line in place on a terminal, a line every 2 s elsewhere."""
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

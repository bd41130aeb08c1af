"""Start a process: settings first, in one line if they are wrong, then an event loop."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from runtime.settings import InvalidSetting

S = TypeVar("S")

log = structlog.get_logger()

EXIT_FAILED = 1
EXIT_BAD_SETTING = 2


def run(read_settings: Callable[[], S], main: Callable[[S], Coroutine[Any, Any, None]]) -> int:
    """Run `main` with the settings until it returns. The exit code is 2 where a setting is wrong, 1 where it fails."""
    try:
        settings = read_settings()
        with asyncio.Runner(loop_factory=_new_event_loop) as runner:
            return runner.run(_outcome(main(settings)))
    except InvalidSetting as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no log yet
        return EXIT_BAD_SETTING


async def _outcome(work: Coroutine[Any, Any, None]) -> int:
    """The exit code. A failure is logged where the log knows which process this is."""
    try:
        await work
    except InvalidSetting:
        raise
    except Exception:
        log.exception("the process failed")
        return EXIT_FAILED
    return 0


def _new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, where it is installed: it is for CPython only."""
    try:
        import uvloop  # noqa: PLC0415 - it need not be there
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()

"""Start a process: settings first, in one line if they are wrong, then an event loop."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog

from runtime.settings import InvalidSetting

S = TypeVar("S")

log = structlog.get_logger()

EXIT_FAILED = 1
EXIT_BAD_SETTING = 2

UNCOLLECTED_MAX = 10_000
"""How many objects may be made, and not gone by themselves, before cycles are looked for among them; Python's own 700
are fewer than what requests that wait need at once, so that they are looked through, in vain, all the time."""


def run(read_settings: Callable[[], S], main: Callable[[S], Coroutine[Any, Any, None]]) -> int:
    """Run `main` with the settings until it returns. The exit code is 2 where a setting is wrong, 1 where it fails."""
    try:
        settings = read_settings()
        with _collecting_seldom(), asyncio.Runner(loop_factory=_new_event_loop) as runner:
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


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """A context in which nobody is kept waiting while cycles are looked for where there are none.

    What was loaded by now stays as long as the process. To look through it as well takes 50 ms, and would be done every
    second under load. And nearly everything that a request makes is gone with it, without anybody looking.
    """
    thresholds = gc.get_threshold()
    if sys.implementation.name == "cpython":
        gc.collect()
        gc.freeze()
        gc.set_threshold(UNCOLLECTED_MAX, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, where it is installed: it is for CPython only."""
    try:
        import uvloop  # noqa: PLC0415 - it need not be there
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()

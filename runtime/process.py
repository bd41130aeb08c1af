"""Starts a process: first its settings, with one line for an invalid one, then its event loop."""

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
"""How many live objects may be new before Python searches them for cycles.

Waiting requests alone hold more than Python's default of 700. With it, searches that find nothing never stop."""


def run(read_settings: Callable[[], S], main: Callable[[S], Coroutine[Any, Any, None]]) -> int:
    """Run `main` with the settings until it returns. The exit code is 2 for an invalid setting, 1 if `main` fails."""
    try:
        settings = read_settings()
        with _collecting_seldom(), asyncio.Runner(loop_factory=_new_event_loop) as runner:
            return runner.run(_outcome(main(settings)))
    except InvalidSetting as error:
        print(error, file=sys.stderr)  # noqa: T201 - the log is not configured yet
        return EXIT_BAD_SETTING


async def _outcome(work: Coroutine[Any, Any, None]) -> int:
    """The exit code. A failure is logged here, while the log still names this process."""
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
    """A context in which Python seldom searches for cycles of objects, because requests make hardly any.

    Everything loaded before it stays until the process ends, and is left out of each search. Otherwise one search takes
    50 ms, and under load Python starts one every second.
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
    """An event loop of uvloop if that is installed (CPython only), else Python's."""
    try:
        import uvloop  # noqa: PLC0415 - not installed on other Pythons
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()

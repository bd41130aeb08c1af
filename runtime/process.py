"""Start a process: settings first, in one line if they are wrong, then an event loop."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvloop

from runtime.settings import InvalidSetting

S = TypeVar("S")

EXIT_BAD_SETTING = 2


def run(read_settings: Callable[[], S], main: Callable[[S], Coroutine[Any, Any, None]]) -> int:
    """Run `main` with the settings until it returns. The exit code is 2 where a setting is wrong."""
    try:
        settings = read_settings()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main(settings))
    except InvalidSetting as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no log yet
        return EXIT_BAD_SETTING
    return 0

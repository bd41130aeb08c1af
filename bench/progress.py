"""What a long measurement prints while it works, on standard error."""

import time
from collections.abc import Callable

from rich.console import Console

REPORTS = 10
"""How many times a measurement prints how far it is."""


def reporter(count: int, what: str, progress: Console) -> Callable[[int], None]:
    """A function that takes the number of finished ones of `count`, and prints it about `REPORTS` times."""
    began = time.monotonic()

    def report(finished: int) -> None:
        is_due = finished * REPORTS // count > (finished - 1) * REPORTS // count
        if is_due and finished < count:
            left = (time.monotonic() - began) / finished * (count - finished)
            progress.print(f"{what} {finished} of {count} is over, about {left:.0f} s to go")

    return report

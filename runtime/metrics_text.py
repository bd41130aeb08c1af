"""The text of a process's metrics, for `/metrics`."""

from collections.abc import Callable
from time import monotonic

from prometheus_client import REGISTRY, generate_latest


class SharedText:
    """What `render` returns, rendered at most once a second: every reader of the same second gets the same text."""

    def __init__(self, render: Callable[[], bytes], *, now_seconds: Callable[[], float] = monotonic) -> None:
        self._render = render
        self._now_seconds = now_seconds
        self._second = -1
        self._text = b""

    def read(self) -> bytes:
        """The text of this second."""
        second = int(self._now_seconds())
        if second != self._second:
            self._text = self._render()
            self._second = second
        return self._text


METRICS = SharedText(lambda: generate_latest(REGISTRY))
"""Every metric of this process. To render it takes about 2 ms, in which the process answers nothing else."""

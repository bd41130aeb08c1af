"""Decodes the next run of messages while Redis applies the one before."""

import asyncio
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from replicator.runs import DecodedRun

TURNS = 1
"""By then the call before is sent: a kept connection takes it at once.

Decoding earlier would delay that call, and then Redis and this process would take turns instead of working together.
"""


class DecodedAhead:
    """The runs of `runs` in their order. A context: its end discards a run that was decoded ahead.

    It decodes on the event loop, without a task: a cancellation or an error of the caller leaves nothing under way.
    """

    def __init__(self, runs: Iterator[DecodedRun]) -> None:
        self._runs = runs
        self._scheduled: asyncio.Handle | None = None
        self._decoded: DecodedRun | Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._cancel()

    def decode_soon(self, *, turns: int = TURNS) -> None:
        """Decode the next run after so many turns of the event loop, unless the caller asks for it before."""
        loop = asyncio.get_running_loop()
        if turns:
            self._scheduled = loop.call_soon(lambda: self.decode_soon(turns=turns - 1))
        else:
            self._decode()

    def next(self) -> DecodedRun | None:
        """The next run, or None after the last. Raises what decoding it raised: `StoppedAt`."""
        self._cancel()
        decoded, self._decoded = self._decoded, None
        if isinstance(decoded, Exception):
            raise decoded
        return next(self._runs, None) if decoded is None else decoded

    def _decode(self) -> None:
        try:
            self._decoded = next(self._runs, None)
        except Exception as error:  # noqa: BLE001 - `next` raises it
            self._decoded = error

    def _cancel(self) -> None:
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None

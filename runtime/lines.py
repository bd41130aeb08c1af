"""Log lines as structs, for events that are too frequent for the steps of `structlog`.

As JSON, each struct is encoded directly, and all lines of one turn of the event loop are written at once.
On a terminal they take the usual way through `structlog`.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from runtime.logs import LogFormat, LogLevel, is_json

Write = Callable[[msgspec.Struct], None]
"""Writes a struct. Its tag is the line's `event`."""

_encoder = msgspec.json.Encoder()


def line_writer(log_format: LogFormat, level: LogLevel, **always: str) -> Write | None:
    """A writer of lines of level `info` with `always` on each, or None if `level` leaves them out."""
    if level not in (LogLevel.DEBUG, LogLevel.INFO):
        return None
    return _JsonLines(always).write if is_json(log_format) else _write_readable


class _JsonLines:
    def __init__(self, always: dict[str, str]) -> None:
        self._end = b"," + _encoder.encode(always)[1:] + b"\n"
        self._pending = bytearray()

    def write(self, line: msgspec.Struct) -> None:
        if not self._pending:
            asyncio.get_running_loop().call_soon(self._flush)
        _encoder.encode_into(line, self._pending, -1)
        # Replace the closing brace with the members of `always`.
        self._pending[-1:] = self._end

    def _flush(self) -> None:
        pending, self._pending = self._pending, bytearray()
        sys.stderr.buffer.write(pending)
        sys.stderr.buffer.flush()


def _write_readable(line: msgspec.Struct) -> None:
    said: dict[str, Any] = msgspec.to_builtins(line)
    structlog.get_logger().info(said.pop("event"), **{name: said[name] for name in said if name not in _OTHERS_SAY})


_OTHERS_SAY = {"timestamp", "level"}

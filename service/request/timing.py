"""Timing: where a request's time went, in its access log line and in the spans of its trace."""

from enum import StrEnum
from time import monotonic
from types import TracebackType
from typing import NamedTuple

from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Tracer

from runtime.tracing import OFF


class Part(StrEnum):
    """A part of a request's time: on the projection, on the log, and until what it waits for is applied."""

    READ = "read"
    APPEND = "append"
    WAIT = "wait"


_KINDS = {Part.READ: SpanKind.INTERNAL, Part.APPEND: SpanKind.PRODUCER, Part.WAIT: SpanKind.INTERNAL}


class Traced(NamedTuple):
    """The trace of a request: its parts are spans of `tracer` in the context `whole`."""

    tracer: Tracer
    whole: Context


NOT_TRACED = Traced(OFF, Context())


class Timing:
    """The time of one request by its parts, in seconds."""

    __slots__ = ("spent_seconds", "traced")

    def __init__(self, traced: Traced = NOT_TRACED) -> None:
        self.spent_seconds: dict[Part, float] = {}
        self.traced = traced

    def during(self, part: Part) -> "During":
        """A context in which the request's time is spent on `part`."""
        return During(part, self)


class During:
    """A context, which gives a span: the time until it is left was spent on `part`."""

    __slots__ = ("_began", "_part", "_span", "_spent_seconds")

    def __init__(self, part: Part, timing: Timing) -> None:
        self._part = part
        self._spent_seconds = timing.spent_seconds
        traced = timing.traced
        self._span = (
            INVALID_SPAN if traced is NOT_TRACED else traced.tracer.start_span(part, traced.whole, kind=_KINDS[part])
        )

    def __enter__(self) -> Span:
        self._began = monotonic()
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        spent = self._spent_seconds
        spent[self._part] = spent.get(self._part, 0.0) + monotonic() - self._began
        self._span.end()

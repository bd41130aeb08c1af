"""Traces: one from a request through append, ship and apply in every region.

They are off unless one of `TRACES_ENDPOINTS` names where they are sent: only then OpenTelemetry's SDK is imported. Its
interface does nothing by itself. A `traceparent` goes from one process to the next, as text. Source: W3C Trace
Context.
"""

import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, NoOpTracer, Span, SpanKind, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from core.redaction import without_login
from core.subjects import TRACEPARENT
from runtime.settings import InvalidSetting, TracesEndpoint

_VARIABLE = re.compile(r"\bOTEL_[A-Z_]+\b")

OFF: Tracer = NoOpTracer()
"""The tracer of a process whose traces are off. Its spans cost 0.3 µs and do nothing."""

_propagator = TraceContextTextMapPropagator()


def begin(tracer: Tracer, name: str, *, traceparent: str, is_trusted: bool) -> Span:
    """Begin a server's span.

    It is part of the trace that a trusted `traceparent` names, and the caller decided whether it is sampled. Otherwise
    it is the first of a new trace, with a link to the caller's.
    """
    if tracer is OFF:
        return INVALID_SPAN  # A tracer that is off would pass on the client's value, which must not reach the log.
    context = _context(traceparent)
    if is_trusted:
        return tracer.start_span(name, context, kind=SpanKind.SERVER)
    theirs = get_current_span(context).get_span_context()
    links = (Link(theirs),) if theirs.is_valid else ()
    return tracer.start_span(name, Context(), kind=SpanKind.SERVER, links=links)


def traceparent_of(span: Span) -> str:
    """The name under which another process continues the trace of `span`; `""` if it is not traced."""
    context = span.get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def record(tracer: Tracer, name: str, *, traceparent: str, began_nanoseconds: int, attributes: Attributes) -> None:
    """Record a span that began then (since 1970) and ends now, as part of the trace that `traceparent` names.

    Without such a trace nothing is recorded.
    """
    context = _context(traceparent)
    if tracer is OFF or not get_current_span(context).get_span_context().is_valid:
        return
    span = tracer.start_span(name, context, kind=SpanKind.CONSUMER, attributes=attributes, start_time=began_nanoseconds)
    # A clock that was set back meanwhile makes no span that ends before it began.
    span.end(max(time.time_ns(), began_nanoseconds))


def _context(traceparent: str) -> Context:
    return _propagator.extract({TRACEPARENT: traceparent}, Context())


@asynccontextmanager
async def open_tracing(endpoint: TracesEndpoint | None, *, process: str, region: str) -> AsyncIterator[Tracer]:
    """A tracer that sends to `endpoint` while the context is open; `OFF` if that is None. Raises `InvalidSetting`."""
    if endpoint is None:
        yield OFF
        return
    try:
        from runtime.otlp import exporting, make_provider  # noqa: PLC0415 - an extra installs it

        provider = make_provider(endpoint.batches, process=process, region=region)
    except ImportError as error:
        expected = f"OpenTelemetry to be installed, as with crosshook[traces] ({error})"
        raise InvalidSetting(endpoint.variable, expected, without_login(endpoint.url)) from error
    except ValueError as error:
        raise _refused(error, endpoint) from error
    async with exporting(provider) as tracer:
        yield tracer


def _refused(error: ValueError, endpoint: TracesEndpoint) -> InvalidSetting:
    """The error for a setting that OpenTelemetry refuses: of the variable that it names, or else of the endpoint."""
    if named := _VARIABLE.search(str(error)):
        return InvalidSetting(named[0], f"a valid OpenTelemetry value ({error})", os.environ.get(named[0]))
    expected = f"valid settings of OpenTelemetry ({error})"
    return InvalidSetting(endpoint.variable, expected, without_login(endpoint.url))

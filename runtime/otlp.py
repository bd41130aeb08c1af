"""Traces as OpenTelemetry sends them: imported only where they are on. Its own settings mean what they always do."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from core.subjects import TRACEPARENT
from runtime.settings import SpanBatches
from runtime.tracing import NOTHING, Attributes, Kind, Tracing

CLOSE_SECONDS = 3.0
"""How long a process that ends waits for its last spans to be taken."""

_KINDS = {
    Kind.SERVER: trace.SpanKind.SERVER,
    Kind.INTERNAL: trace.SpanKind.INTERNAL,
    Kind.PRODUCER: trace.SpanKind.PRODUCER,
    Kind.CONSUMER: trace.SpanKind.CONSUMER,
}
_propagator = TraceContextTextMapPropagator()


class TracedSpan:
    """A span that is sent once it has ended, if it was sampled."""

    def __init__(self, tracer: trace.Tracer, span: trace.Span) -> None:
        self._tracer = tracer
        self._span = span
        context = span.get_span_context()
        known_again = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        self.traceparent = known_again if context.is_valid else ""

    def child(self, name: str, kind: Kind) -> "TracedSpan":
        """A part of it, that begins now."""
        context = trace.set_span_in_context(self._span, Context())
        return TracedSpan(self._tracer, self._tracer.start_span(name, context, kind=_KINDS[kind]))

    def end(self, *, name: str = "", is_failed: bool = False, attributes: Attributes = NOTHING) -> None:
        """It is over."""
        if name:
            self._span.update_name(name)
        if is_failed:
            self._span.set_status(trace.StatusCode.ERROR)
        self._span.set_attributes(attributes)
        self._span.end()


class OtlpTracing:
    """Spans of one process."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def begin(self, name: str, kind: Kind, *, traceparent: str) -> TracedSpan:
        """A span that begins now."""
        return TracedSpan(self._tracer, self._tracer.start_span(name, _context(traceparent), kind=_KINDS[kind]))

    def record(self, name: str, *, traceparent: str, began_nanoseconds: int, attributes: Attributes) -> None:
        """A span that began then and ends now. What came with nothing that names a trace is not traced."""
        context = _context(traceparent)
        if not trace.get_current_span(context).get_span_context().is_valid:
            return
        span = self._tracer.start_span(
            name,
            context,
            kind=trace.SpanKind.CONSUMER,
            attributes=attributes,
            start_time=began_nanoseconds,
        )
        # A clock that was set back meanwhile makes no span that ends before it began.
        span.end(max(time.time_ns(), began_nanoseconds))


def _context(traceparent: str) -> Context:
    return _propagator.extract({TRACEPARENT: traceparent}, Context())


def resource_of(*, process: str, region: str) -> Resource:
    """Whose the spans are. What the environment says is its name, is."""
    ours: dict[str, AttributeValue] = {"crosshook.region": region}
    if SERVICE_NAME not in OTELResourceDetector().detect().attributes:
        ours[SERVICE_NAME] = f"crosshook-{process}"
    return Resource.create(ours)


def make_provider(batches: SpanBatches, *, process: str, region: str) -> TracerProvider:
    """What makes spans of one process and sends them in the background. Raises `ValueError`: a variable is wrong."""
    provider = TracerProvider(resource=resource_of(process=process, region=region), shutdown_on_exit=False)
    provider.add_span_processor(
        BatchSpanProcessor(
            OTLPSpanExporter(),
            max_queue_size=batches.queue_spans_max,
            max_export_batch_size=batches.batch_spans_max,
            schedule_delay_millis=batches.delay_milliseconds,
            export_timeout_millis=batches.timeout_milliseconds,
        )
    )
    return provider


@asynccontextmanager
async def exporting(provider: TracerProvider) -> AsyncIterator[Tracing]:
    """Tracing with `provider`, until the context is left."""
    try:
        yield OtlpTracing(provider.get_tracer("crosshook"))
    finally:
        # It may take longer than anybody waits, where nobody takes the spans: the process ends all the same.
        closing = threading.Thread(target=provider.shutdown, daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, CLOSE_SECONDS)

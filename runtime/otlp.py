"""Sends traces with OpenTelemetry's SDK: imported only if they are on. Its own settings keep their meaning."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer
from opentelemetry.util.types import AttributeValue

from runtime.settings import SpanBatches

CLOSE_SECONDS = 3.0
"""How long a process waits at its end until its last spans are sent."""


def resource_of(*, process: str, region: str) -> Resource:
    """The process to which the spans belong. A service name in the environment counts first."""
    ours: dict[str, AttributeValue] = {"crosshook.region": region}
    if SERVICE_NAME not in OTELResourceDetector().detect().attributes:
        ours[SERVICE_NAME] = f"crosshook-{process}"
    return Resource.create(ours)


def make_provider(batches: SpanBatches, *, process: str, region: str) -> TracerProvider:
    """Makes the spans of one process and sends them in the background. Raises `ValueError` for an invalid variable."""
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
async def exporting(provider: TracerProvider) -> AsyncIterator[Tracer]:
    """A tracer of `provider`, until the context is left."""
    try:
        yield provider.get_tracer("crosshook")
    finally:
        # This may last long if no server takes the spans. The process ends anyway.
        closing = threading.Thread(target=provider.shutdown, daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, CLOSE_SECONDS)

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Span, TraceFlags, Tracer, set_span_in_context

import runtime.otlp
from runtime.otlp import CLOSE_SECONDS, resource_of
from runtime.settings import InvalidSetting, SpanBatches, TracesEndpoint
from runtime.tracing import OFF, begin, open_tracing, record, traceparent_of

UNSERVED = TracesEndpoint("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/v1/traces")
THEIRS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def part_of(tracer: Tracer, span: Span) -> Span:
    return tracer.start_span("append", set_span_in_context(span, Context()))


async def test_without_tracing_spans_have_no_traceparent() -> None:
    async with open_tracing(None, process="service", region="us-iowa") as tracer:
        span = begin(tracer, "POST", traceparent=THEIRS, is_trusted=True)
        assert traceparent_of(span) == traceparent_of(part_of(tracer, span)) == ""
        span.end()
        record(tracer, "ship", traceparent=THEIRS, began_nanoseconds=0, attributes={})
    assert tracer is OFF


@pytest.mark.parametrize("process", ["service", "replicator"])
def test_without_tracing_no_exporter_is_imported(process: str) -> None:
    """The API of OpenTelemetry may be imported: redis-py does that if it is installed."""
    ours = ("runtime.otlp", "opentelemetry.exporter", "opentelemetry.sdk.trace")
    program = f"import sys, {process}.app; sys.exit(any(name.startswith({ours}) for name in sys.modules))"
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=True)  # noqa: S603


async def test_without_opentelemetrys_sdk_the_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "runtime.otlp", None)
    endpoint = UNSERVED._replace(url="http://me:secret@127.0.0.1:9")
    with pytest.raises(InvalidSetting, match=rf"^{UNSERVED.variable}: expected .*crosshook\[traces\]") as caught:
        async with open_tracing(endpoint, process="service", region="us-iowa"):
            pytest.fail("it must not start")
    assert "got 'http://***@127.0.0.1:9'" in str(caught.value)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (
            {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "-1"},
            r"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: expected a valid OpenTelemetry value \(.*non-negative.*\), got '-1'",
        ),
        (
            {},
            rf"{UNSERVED.variable}: expected valid settings of OpenTelemetry \(what\), got 'http://127.0.0.1.*'",
        ),
    ],
)
async def test_a_setting_that_opentelemetry_refuses_is_one_line_with_its_variable_if_known(
    monkeypatch: pytest.MonkeyPatch, refused: dict[str, str], message: str
) -> None:
    for name, text in refused.items():
        monkeypatch.setenv(name, text)
    if not refused:
        monkeypatch.setattr(runtime.otlp, "OTLPSpanExporter", Mock(side_effect=ValueError("what")))
    with pytest.raises(InvalidSetting, match=f"^{message}$"):
        async with open_tracing(UNSERVED, process="service", region="us-iowa"):
            pytest.fail("it must not start")


async def test_spans_are_sent_in_batches_of_the_configured_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(*UNSERVED[:2])
    made = Mock(side_effect=ValueError("enough"))
    monkeypatch.setattr(runtime.otlp, "BatchSpanProcessor", made)
    with pytest.raises(InvalidSetting):
        async with open_tracing(
            UNSERVED._replace(batches=SpanBatches(4, 3, 2, 1)), process="service", region="us-iowa"
        ):
            pytest.fail("it must not start")
    assert made.call_args.kwargs == {
        "max_queue_size": 4,
        "max_export_batch_size": 3,
        "schedule_delay_millis": 2,
        "export_timeout_millis": 1,
    }


async def test_a_span_and_its_children_continue_the_trace_of_a_trusted_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(*UNSERVED[:2])
    async with open_tracing(UNSERVED, process="service", region="us-iowa") as tracer:
        span = begin(tracer, "POST", traceparent=THEIRS.replace("-01", "-00"), is_trusted=True)
        names = [THEIRS, traceparent_of(span), traceparent_of(part_of(tracer, span))]
        trace_ids, span_ids = {text.split("-")[1] for text in names}, {text.split("-")[2] for text in names}
        assert (len(trace_ids), len(span_ids)) == (1, 3)
        assert names[-1].endswith("-00"), "the client did not want it sampled"
        for nonsense in ("", "nonsense", "00-0-0-01"):
            span = begin(tracer, "POST", traceparent=nonsense, is_trusted=True)
            assert traceparent_of(span).split("-")[1] not in trace_ids


@pytest.mark.parametrize(
    ("sampler", "is_sampled"), [("parentbased_always_on", True), ("parentbased_always_off", False)]
)
@pytest.mark.parametrize("theirs", ["01", "00"])
async def test_an_untrusted_client_does_not_decide_whether_it_is_traced(
    monkeypatch: pytest.MonkeyPatch, sampler: str, theirs: str, *, is_sampled: bool
) -> None:
    monkeypatch.setenv(*UNSERVED[:2])
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    async with open_tracing(UNSERVED, process="service", region="us-iowa") as tracer:
        span = begin(tracer, "POST", traceparent=THEIRS[:-2] + theirs, is_trusted=False)
        _, trace_id, _, flags = traceparent_of(span).split("-")
        assert bool(int(flags, 16) & TraceFlags.SAMPLED) == is_sampled
        assert trace_id not in THEIRS
        if isinstance(span, ReadableSpan):
            assert span.parent is None
            (link,) = span.links
            assert f"{link.context.trace_id:032x}-{link.context.span_id:016x}" in THEIRS
        nonsense = begin(tracer, "POST", traceparent="nonsense", is_trusted=False)
        assert not isinstance(nonsense, ReadableSpan) or not nonsense.links


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "crosshook-service"),
        ({"OTEL_SERVICE_NAME": "webhooks"}, "webhooks"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=webhooks"}, "webhooks"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=hooks", "OTEL_SERVICE_NAME": "webhooks"}, "webhooks"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "host.name=iowa-1,crosshook.region=nowhere"}, "crosshook-service"),
    ],
)
def test_spans_have_the_service_name_of_the_environment_and_always_the_region(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], name: str
) -> None:
    for variable in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    attributes = resource_of(process="service", region="us-iowa").attributes
    assert (attributes["service.name"], attributes["crosshook.region"]) == (name, "us-iowa")
    assert attributes.get("host.name") == ("iowa-1" if "host.name" in str(environment) else None)


@pytest.mark.long
async def test_a_process_ends_even_if_no_server_takes_its_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(*UNSERVED[:2])
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", f"{CLOSE_SECONDS + 2:g}")
    loop = asyncio.get_running_loop()
    async with open_tracing(UNSERVED, process="service", region="us-iowa") as tracer:
        begin(tracer, "POST", traceparent="", is_trusted=True).end()
        ended = loop.time()
    assert loop.time() < ended + CLOSE_SECONDS + 1
    # The exporter's thread tries again at random times. It must end before a test that seeds `random`.
    async with asyncio.timeout(30):
        while any(thread.name.startswith("Otel") for thread in threading.enumerate()):
            await asyncio.sleep(0.05)

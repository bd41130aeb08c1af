"""A receiver of the spans that processes send: OTLP over HTTP, on this machine."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan


@dataclass(frozen=True)
class Taken:
    """A received span."""

    trace_id: str
    span_id: str
    parent: str
    name: str
    kind: str
    process: str
    region: str
    seconds: float
    attributes: dict[str, str | int | float] = field(hash=False)
    links: tuple[tuple[str, str], ...]
    """Trace and span of each."""


class Receiver:
    """Every span that processes sent to `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.spans: list[Taken] = []

    def take(self, body: bytes) -> None:
        for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = _attributes(sent.resource.attributes)
            for scope in sent.scope_spans:
                self.spans += [_taken(span, resource) for span in scope.spans]

    def of(self, trace_id: str) -> list[Taken]:
        return [span for span in self.spans if span.trace_id == trace_id]


def _taken(span: SentSpan, resource: dict[str, str | int | float]) -> Taken:
    return Taken(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name,
        kind=SentSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        process=str(resource["service.name"]),
        region=str(resource["crosshook.region"]),
        seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
        attributes=_attributes(span.attributes),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, str | int | float]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "") for pair in pairs}


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens while the context is open."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            receiver.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

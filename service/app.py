"""Put the service together, run it, take it apart."""

import asyncio
import signal
from contextlib import AsyncExitStack, suppress

from litestar import Litestar
from litestar.di import Provide
from prometheus_client import REGISTRY

from adapters.addresses import Tls
from adapters.connection import open_connection
from adapters.event_log import EventLog
from adapters.projection import open_projection
from runtime.head import HeadAsGet
from runtime.health import expose_health, health_routes
from runtime.lines import line_writer
from runtime.logs import configure_logs
from runtime.reporting import report_connection, report_health
from runtime.server import bind, name_of, serve
from runtime.tracing import open_tracing
from service import metrics
from service.announcements import Announcements
from service.dashboard.board import Board
from service.dashboard.listeners import Listeners
from service.dashboard.routes import dashboard_routes
from service.http.admission import Admission
from service.http.authentication import Guard
from service.http.chunked_send import ChunkedSend
from service.http.content_encoding import refuse_encoded_body
from service.http.event_size import check_each_server
from service.http.headers import AdminHeaders
from service.http.instrumentation import Instrumentation
from service.http.problems import EXCEPTION_HANDLERS
from service.http.response_headers import tell_exchange
from service.http.write_latency import WriteLatencies
from service.lag.metrics import LagMetrics
from service.lag.sampling import LagSampling
from service.openapi.routes import schema_routes
from service.reads.local_logs import LocalLogs
from service.reads.projection import ProjectionReader
from service.request.concurrency_limit import ConcurrencyLimit
from service.routes.api_keys import API_KEY_ROUTES
from service.routes.calls import Calls
from service.routes.first_page import FIRST_PAGE_ROUTES
from service.routes.operations import OPERATION_ROUTES
from service.routes.options import with_options
from service.routes.reserved import RESERVED_ROUTES
from service.routes.triggers import TRIGGER_ROUTES
from service.routes.webhooks import WEBHOOK_ROUTES
from service.settings import Settings
from service.use_cases import UseCases, use_cases
from service.watermarks.acknowledgements import Acknowledgements
from service.watermarks.deadlines import Deadlines
from service.watermarks.waiters import Waiters
from service.writes.log_reader import LogReader
from service.writes.log_state import LogState
from service.writes.log_writer import LogWriter


async def main(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    configure_logs(settings.log_format, settings.log_level, process="service", region=settings.region)
    listener = bind(settings.host, settings.port)
    here = settings.region
    config = settings.topology.regions[here]
    async with AsyncExitStack() as stack:
        tracing = await stack.enter_async_context(
            open_tracing(settings.traces_endpoint, process="service", region=here)
        )
        connection = await stack.enter_async_context(
            open_connection(
                config.nats,
                name=f"crosshook service {here}",
                tls=Tls(settings.tls, config.tls_name),
                on_change=report_connection(here),
            )
        )
        projection = await stack.enter_async_context(open_projection(config.redis, tls=settings.tls))
        event_logs = {origin: EventLog(connection, origin) for origin in settings.topology.regions}
        logs = LocalLogs(event_logs)
        concurrency_limit = ConcurrencyLimit(settings.organization_requests_max)
        log_state = LogState(tail_events_max=settings.tail_events_max)
        log_reader = LogReader(
            log_state,
            here,
            event_log=event_logs[here],
            projection=projection,
            idempotency_keys_max=settings.idempotency_keys_max,
        )
        waiters = Waiters()
        deadlines = Deadlines(waiters)
        heard_of = (here, *settings.topology.others(here))
        acknowledgements = Acknowledgements(
            waiters, {region: metrics.ACKNOWLEDGE_SECONDS.labels(region).observe for region in heard_of}
        )
        writer = LogWriter(
            log_state,
            event_log=event_logs[here],
            acknowledgements=acknowledgements,
            now_milliseconds=settings.clock.now_milliseconds,
        )
        region = Announcements(
            here,
            topology=settings.topology,
            connection=connection,
            projection=projection,
            log_state=log_state,
            writer=writer,
            waiters=waiters,
            acknowledgements=acknowledgements,
        )
        sampling = LagSampling(
            here,
            topology=settings.topology,
            region=region,
            log_state=log_state,
            logs=logs,
            now_milliseconds=settings.clock.now_milliseconds,
        )
        REGISTRY.register(LagMetrics(sampling))
        latencies = WriteLatencies()
        board = Board(
            sampling,
            topology=settings.topology,
            health=region.health,
            waiting_for=waiters.waiting_for,
            latencies=latencies,
            process=name_of(listener),
            listeners_max=settings.dashboard_listeners_max,
        )
        projection_reader = ProjectionReader(
            here, projection=projection, concurrency_limit=concurrency_limit, known=waiters.known
        )
        calls = use_cases(
            settings,
            projection_reader=projection_reader,
            logs=logs,
            log_state=log_state,
            writer=writer,
            waiters=waiters,
            deadlines=deadlines,
        )
        admin = AdminHeaders(settings.admin_key)
        routes = make_app(settings, region, calls, admin, board=board)
        admission = Admission(
            ChunkedSend(Guard(routes, projection_reader, concurrency_limit, admin)),
            requests_max=settings.requests_max,
            body_bytes_max=settings.body_bytes_max,
        )
        expose_health(region.health)
        metrics.expose(
            here,
            topology=settings.topology,
            in_flight=lambda: admission.in_flight,
            waiting=deadlines.waiting,
            waiting_for=waiters.waiting_for,
        )
        write = line_writer(settings.log_format, settings.log_level, process="service", region=here)
        app = Instrumentation(HeadAsGet(admission), latencies=latencies, write=write, tracing=tracing)
        works = (
            log_reader.run(),
            writer.run(),
            region.keep_listening(),
            sampling.run(),
            projection.keep_asking(to_write=False),
            report_health(region.health),
            check_each_server(connection, body_bytes_max=settings.body_bytes_max),
        )
        background = [asyncio.create_task(work) for work in works]
        serving = asyncio.create_task(
            serve(
                app,
                listener,
                drain_seconds=settings.drain_seconds,
                idle_seconds=settings.idle_seconds,
                on_drain=lambda at: _drain(region, deadlines, board.listeners, at),
            )
        )
        await asyncio.wait({serving, *background}, return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            # Something that ought to run for ever has ended: answer what is in flight, then say why.
            signal.raise_signal(signal.SIGTERM)
            await serving
        for task in background:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await serving


def make_app(
    settings: Settings,
    region: Announcements,
    calls: UseCases,
    admin: AdminHeaders,
    *,
    board: Board,
) -> Litestar:
    """The routes over the use cases. The administrator's exist only if there is an admin key."""
    made_of = Calls(calls, settings.limits, admin)
    return Litestar(
        with_options(
            [
                *WEBHOOK_ROUTES,
                *TRIGGER_ROUTES,
                *OPERATION_ROUTES,
                *(API_KEY_ROUTES if settings.admin_key else ()),
                *health_routes(region.health),
                *RESERVED_ROUTES,
                *FIRST_PAGE_ROUTES,
                *schema_routes(settings.limits.headers),
                *dashboard_routes(board.listeners, board.lag),
            ]
        ),
        dependencies={
            "read": Provide(made_of.read, sync_to_thread=False),
            "admin_read": Provide(made_of.admin_read, sync_to_thread=False),
            "write": Provide(made_of.write),
            "admin_write": Provide(made_of.admin_write),
        },
        before_request=refuse_encoded_body,
        before_send=[tell_exchange],
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=None,
        openapi_config=None,
        logging_config=None,
    )


def _drain(region: Announcements, deadlines: Deadlines, listeners: Listeners, deadline: float) -> None:
    region.is_draining = True
    listeners.end()
    deadlines.end_all_at(deadline)

"""Put the service together, run it, take it apart."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from socket import socket
from typing import Any

import msgspec
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from prometheus_client import REGISTRY

from adapters.addresses import Tls
from adapters.changed_secrets import Secured
from adapters.connection import open_connection
from adapters.projection import open_projection
from adapters.server_patches import Kind
from runtime.health import expose_health
from runtime.health_routes import HEALTH_ROUTES
from runtime.lines import line_writer
from runtime.logs import configure_logs
from runtime.reporting import report_connection
from runtime.secret_files import follow
from runtime.server import bind, name_of, serve
from runtime.tracing import open_tracing
from service import metrics
from service.announcements import Announcements
from service.dashboard.board import Board
from service.dashboard.listeners import ListenerBounds, Listeners
from service.dashboard.routes import DASHBOARD_ROUTES
from service.http.admission import Admission
from service.http.authentication.identification import Administrators
from service.http.authentication.key_check import Authentication
from service.http.instrumentation import Instrumentation
from service.http.problems import EXCEPTION_HANDLERS
from service.http.request_path import RequestPath
from service.http.write_latency import WriteLatencies
from service.lag.metrics import LagMetrics
from service.openapi.document import document
from service.openapi.routes import SCHEMA_ROUTES
from service.parts import Backends, Parts, Service, build_parts
from service.routes.api_keys import API_KEY_ROUTES
from service.routes.calls import Calls, UseCases
from service.routes.first_page import FIRST_PAGE_ROUTES
from service.routes.operations import OPERATION_ROUTES
from service.routes.options import with_options
from service.routes.policies import ADMIN, POLICIES
from service.routes.reserved import RESERVED_ROUTES
from service.routes.triggers import TRIGGER_ROUTES
from service.routes.webhooks import WEBHOOK_ROUTES
from service.settings import Settings
from service.watermarks.deadlines import Deadlines


async def main(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    configure_logs(settings.log_format, settings.log_level, process="service", region=settings.region)
    listener = bind(settings.host, settings.port)
    async with open_backends(settings) as backends:
        await run(build(settings, backends, process=name_of(listener)), settings, listener)


@asynccontextmanager
async def open_backends(settings: Settings) -> AsyncIterator[Backends]:
    """Traces, this region's NATS and its Redis, while the context is open."""
    config = settings.topology.regions[settings.region]
    async with (
        open_tracing(settings.traces_endpoint, process="service", region=settings.region) as tracer,
        open_connection(
            config.nats,
            name=f"crosshook service {settings.region}",
            tls=Tls(settings.secret_files.secrets.tls, config.tls_name),
            on_change=report_connection(settings.region),
        ) as connection,
        open_projection(config.redis, region=settings.region, tls=settings.secret_files.secrets.tls) as projection,
    ):
        yield Backends(tracer, connection, projection)


def build(settings: Settings, backends: Backends, *, process: str) -> Service:
    """Put the service together over its backends. `process` is its name on the dashboard."""
    parts = build_parts(settings, backends)
    latencies = WriteLatencies()
    board = Board(
        parts.sampling,
        topology=settings.topology,
        health=parts.region.health,
        waiting_for=parts.waiters.waiting_for,
        latencies=latencies,
        process=process,
        bounds=ListenerBounds(
            listeners_max=settings.dashboard_listeners_max,
            address_listeners_max=settings.address_listeners_max,
            trusted_proxies=settings.bounds.trusted_proxies,
        ),
    )
    admission = Admission(requests_max=settings.requests_max, body_bytes_max=settings.body_bytes_max)
    app = build_request_path(settings, backends, parts, board=board, latencies=latencies, admission=admission)
    REGISTRY.register(LagMetrics(parts.sampling))
    expose_health(parts.region.health, servers=Kind)
    metrics.expose(
        settings.region,
        topology=settings.topology,
        in_flight=lambda: admission.in_flight,
        waiting=parts.deadlines.waiting,
        waiting_for=parts.waiters.waiting_for,
    )
    return Service(
        app,
        (*parts.works(backends, settings), _follow_secrets(settings, backends)),
        partial(_drain, parts.region, parts.deadlines, board.listeners),
    )


async def run(service: Service, settings: Settings, listener: socket) -> None:
    """Serve, with the background work, until a signal; or until one of them ends, and then raise its error."""
    background = [asyncio.create_task(work) for work in service.works]
    serving = asyncio.create_task(
        serve(
            service.app,
            listener,
            drain_seconds=settings.drain_seconds,
            bounds=settings.bounds,
            on_drain=service.drain,
        )
    )
    await asyncio.wait({serving, *background}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        # Background work has ended, although it has no end: answer the requests in flight, then raise its error.
        signal.raise_signal(signal.SIGTERM)
        await serving
    await close(background)
    await serving


async def close(background: list["asyncio.Task[None]"]) -> None:
    """Cancel the background work. Raises the error of work that has failed."""
    for task in background:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def build_request_path(
    settings: Settings,
    backends: Backends,
    parts: Parts,
    *,
    board: Board,
    latencies: WriteLatencies,
    admission: Admission,
) -> RequestPath:
    """The ASGI application, with the routes in it."""
    administrators = Administrators(settings.admin_keys)
    policies = POLICIES if settings.admin_keys else POLICIES.without(ADMIN)
    write = line_writer(settings.log_format, settings.log_level, process="service", region=settings.region)
    return RequestPath(
        make_app(settings, parts.region, parts.use_cases(settings), administrators, board=board),
        policies,
        instrumentation=Instrumentation(
            latencies=latencies,
            write=write,
            tracer=backends.tracer,
            trusts_traceparent=settings.trusts_traceparent,
        ),
        admission=admission,
        authentication=Authentication(policies, projection=parts.projection_reader, administrators=administrators),
    )


def make_app(
    settings: Settings,
    region: Announcements,
    use_cases: UseCases,
    administrators: Administrators,
    *,
    board: Board,
) -> Litestar:
    """The routes over the use cases. Those of administrators exist only if there is an admin key."""
    contract = msgspec.json.encode(document(settings.limits.headers))
    return Litestar(
        with_options(
            [
                *WEBHOOK_ROUTES,
                *TRIGGER_ROUTES,
                *OPERATION_ROUTES,
                *(API_KEY_ROUTES if settings.admin_keys else ()),
                *HEALTH_ROUTES,
                *RESERVED_ROUTES,
                *FIRST_PAGE_ROUTES,
                *SCHEMA_ROUTES,
                *DASHBOARD_ROUTES,
            ]
        ),
        dependencies={
            "health": Provide(region.health, sync_to_thread=False),
            "board": Provide(lambda: board, sync_to_thread=False),
            "contract": Provide(lambda: contract, sync_to_thread=False),
        },
        state=State({"calls": Calls(use_cases, settings.limits, administrators, settings.clock.now_milliseconds)}),
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=None,
        openapi_config=None,
        logging_config=None,
    )


def _follow_secrets(settings: Settings, backends: Backends) -> Coroutine[Any, Any, None]:
    secured = Secured(settings.region, {settings.region: backends.connection}, backends.projection)
    return follow(settings.secret_files, lambda secrets: secured.use(*secrets), shown=secured.shown)


def _drain(region: Announcements, deadlines: Deadlines, listeners: Listeners, deadline: float) -> None:
    region.is_draining = True
    listeners.end()
    deadlines.end_all_at(deadline)

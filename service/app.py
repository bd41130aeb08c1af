"""Put the service together, run it, take it apart."""

import asyncio
import signal
import time
from contextlib import AsyncExitStack, suppress

from litestar import Litestar
from litestar.di import Provide

from adapters.connection import open_connection
from adapters.event_log import EventLog
from adapters.projection import open_projection
from runtime.health import health_routes
from runtime.logs import configure_logs
from runtime.reporting import report_connection
from runtime.server import bind, serve
from service import headers
from service.admission import Admission
from service.log_writer import LogWriter
from service.problems import EXCEPTION_HANDLERS
from service.reading import Reading
from service.region import RegionView
from service.routes.triggers import create_trigger, delete_trigger, list_triggers
from service.routes.webhooks import create_webhook, delete_webhook, list_webhooks, read_webhook, update_webhook
from service.settings import Settings
from service.views import Views
from service.waiting import Waiting
from service.writing import Writing


async def main(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    configure_logs(settings.log_format, settings.log_level, process="service", region=settings.region)
    listener = bind(settings.host, settings.port)
    here = settings.region
    config = settings.topology.regions[here]
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(
            open_connection(config.nats, name=f"crosshook service {here}", on_change=report_connection(here))
        )
        projection = await stack.enter_async_context(open_projection(config.redis))
        views = Views(projection)
        writer = LogWriter(
            here,
            event_log=EventLog(connection, here),
            projection=projection,
            now_milliseconds=lambda: time.time_ns() // 1_000_000 + settings.clock_offset_milliseconds,
            tail_events_max=settings.tail_events_max,
        )
        waiting = Waiting()
        region = RegionView(here, topology=settings.topology, connection=connection, writer=writer, waiting=waiting)
        writing = Writing(
            here=here,
            topology=settings.topology,
            views=views,
            writer=writer,
            waiting=waiting,
            append_seconds=settings.append_seconds,
        )
        routes = make_app(writing, Reading(views), region, webhooks_max=settings.webhooks_max)
        app = Admission(routes, requests_max=settings.requests_max)
        background = [asyncio.create_task(writer.run()), asyncio.create_task(region.keep_listening())]
        serving = asyncio.create_task(
            serve(app, listener, drain_seconds=settings.drain_seconds, on_drain=lambda at: _drain(region, writing, at))
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


def make_app(writing: Writing, reading: Reading, region: RegionView, *, webhooks_max: int) -> Litestar:
    """The routes over what they call."""
    return Litestar(
        [
            create_webhook,
            list_webhooks,
            read_webhook,
            update_webhook,
            delete_webhook,
            create_trigger,
            list_triggers,
            delete_trigger,
            *health_routes(region.health),
        ],
        dependencies={
            "organization_id": Provide(headers.organization_id, sync_to_thread=False),
            "wait": Provide(headers.wait, sync_to_thread=False),
            "if_match": Provide(headers.if_match, sync_to_thread=False),
            "page": Provide(headers.page, sync_to_thread=False),
            "named_trigger": Provide(headers.named_trigger, sync_to_thread=False),
            "webhooks_max": Provide(lambda: webhooks_max, sync_to_thread=False),
            "writing": Provide(lambda: writing, sync_to_thread=False),
            "reading": Provide(lambda: reading, sync_to_thread=False),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=None,
        openapi_config=None,
        logging_config=None,
    )


def _drain(region: RegionView, writing: Writing, deadline: float) -> None:
    region.is_draining = True
    writing.end_waits_at(deadline)

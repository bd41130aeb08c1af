"""Put the service together, run it, take it apart."""

import asyncio
import time
from contextlib import AsyncExitStack, suppress

from litestar import Litestar
from litestar.di import Provide

from adapters.announcements import Announcement, listen
from adapters.connection import Connection, open_connection
from adapters.errors import Unavailable
from adapters.event_log import EventLog
from adapters.projection import open_projection
from runtime.health import Health, health_routes
from runtime.logs import configure_logs
from runtime.reporting import report_connection
from runtime.server import bind, serve
from service import headers
from service.admission import Admission
from service.log_writer import LogWriter
from service.problems import BODY_BYTES_MAX, EXCEPTION_HANDLERS
from service.reading import Reading
from service.routes.triggers import create_trigger, list_triggers
from service.routes.webhooks import create_webhook, list_webhooks, read_webhook
from service.settings import Settings
from service.views import Views
from service.waiting import Waiting
from service.writing import Writing

SILENCE_SECONDS = 3.0
"""How long no replicator of this region may be heard, as while one is replaced, before this is not ready."""


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
        region = RegionView(settings, connection, writer)
        writing = Writing(
            here=here,
            topology=settings.topology,
            views=views,
            writer=writer,
            waiting=region.waiting,
            append_seconds=settings.append_seconds,
        )
        app = Admission(make_app(writing, Reading(views), region), requests_max=settings.requests_max)
        background = [asyncio.create_task(writer.run()), asyncio.create_task(region.keep_listening())]
        serving = asyncio.create_task(
            serve(app, listener, drain_seconds=settings.drain_seconds, on_drain=lambda at: _drain(region, writing, at))
        )
        await asyncio.wait({serving, *background}, return_when=asyncio.FIRST_COMPLETED)
        for task in (serving, *background):
            task.cancel()
        for task in (serving, *background):
            with suppress(asyncio.CancelledError):
                await task


def make_app(writing: Writing, reading: Reading, region: "RegionView") -> Litestar:
    """The routes over what they call."""
    return Litestar(
        [create_webhook, list_webhooks, read_webhook, create_trigger, list_triggers, *health_routes(region.health)],
        dependencies={
            "organization_id": Provide(headers.organization_id, sync_to_thread=False),
            "wait": Provide(headers.wait, sync_to_thread=False),
            "writing": Provide(lambda: writing, sync_to_thread=False),
            "reading": Provide(lambda: reading, sync_to_thread=False),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )


class RegionView:
    """What this process hears of the regions, and what it says of itself."""

    def __init__(self, settings: Settings, connection: Connection, writer: LogWriter) -> None:
        self._settings = settings
        self._connection = connection
        self._writer = writer
        self._here_is_current = False
        self._here_heard_at = 0.0
        self._halted: dict[str, str] = {}
        self.is_draining = False
        self.waiting = Waiting()

    async def keep_listening(self) -> None:
        """Hear every region's announcements, on one session after the other, until cancelled."""
        while True:
            session = await self._connection.session()
            with suppress(Unavailable):
                await listen(session, self._heard)
                await session.wait_lost()

    def _heard(self, announcement: Announcement) -> None:
        if announcement.region not in self._settings.topology.regions:
            return
        self.waiting.heard(
            announcement.region, announcement.incarnation, announcement.vector, is_current=announcement.is_current
        )
        if announcement.region == self._settings.region:
            self._here_is_current = announcement.is_current
            self._here_heard_at = time.monotonic()
            self._halted = {str(origin): why for origin, why in announcement.halted.items()}
            self._writer.applied(self.waiting.watermark(announcement.region, announcement.region).sequence)

    def health(self) -> Health:
        """Ready means: this region's log can be written to and its projection is current."""
        here = self._settings.region
        waiting_for = []
        if not self._connection.is_connected:
            waiting_for.append(f"NATS of {here}")
        elif self._writer.waiting_for:
            waiting_for.append(self._writer.waiting_for)
        elif self._writer.trouble:
            waiting_for.append(f"the log to take events: {self._writer.trouble}")
        if not self._here_is_current or time.monotonic() > self._here_heard_at + SILENCE_SECONDS:
            waiting_for.append(f"a replicator of {here} to say that the projection is current")
        halted = dict(self._halted)
        if self._writer.alarm:
            halted[here] = self._writer.alarm
        return Health(region=here, waiting_for=waiting_for, halted=halted, is_draining=self.is_draining)


def _drain(region: RegionView, writing: Writing, deadline: float) -> None:
    region.is_draining = True
    writing.end_waits_at(deadline)

"""The parts of the service, over one region's NATS and Redis."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple

from opentelemetry.trace import Tracer

from adapters.connection import Connection
from adapters.event_log import EventLog
from adapters.projection import Projection
from adapters.server_patches import outdated
from core.subjects import FRAMES, RESTRICTED_KEYS
from runtime.memory import return_free_memory
from runtime.reporting import report_health, report_subscription
from service import metrics
from service.announcements import Announcements
from service.http.event_size import check_each_server
from service.http.request_path import RequestPath
from service.lag.sampling import LagSampling
from service.reads.event_lookup import EventLookup
from service.reads.listing import Listing
from service.reads.local_logs import LocalLogs
from service.reads.operation_status import OperationStatus
from service.reads.projection import ProjectionReader
from service.reads.queries import Queries
from service.reads.session_consistency import SessionConsistency
from service.reads.turns import Turns
from service.request.concurrency_limit import ConcurrencyLimit
from service.routes.calls import UseCases
from service.settings import Settings
from service.watermarks.acknowledgements import Acknowledgements
from service.watermarks.deadlines import Deadlines
from service.watermarks.waiters import Waiters
from service.writes.command_handler import CommandHandler
from service.writes.deletions import Deletions
from service.writes.frame_use import FrameUse
from service.writes.key_uses import KeyUses
from service.writes.level_wait import LevelWait
from service.writes.log_reader import LogReader
from service.writes.log_state import LogState
from service.writes.log_writer import LogWriter

Works = tuple[Coroutine[Any, Any, None], ...]


class Backends(NamedTuple):
    """The connections that are opened before the service is built, and closed after it."""

    tracer: Tracer
    connection: Connection
    projection: Projection


class Service(NamedTuple):
    """The running parts: the ASGI application, the background work, and the function to call at a drain."""

    app: RequestPath
    works: Works
    drain: Callable[[float], None]


class Parts(NamedTuple):
    """The objects that share one region's logs and watermarks."""

    logs: LocalLogs
    log_state: LogState
    log_reader: LogReader
    writer: LogWriter
    waiters: Waiters
    deadlines: Deadlines
    region: Announcements
    sampling: LagSampling
    projection_reader: ProjectionReader

    def use_cases(self, settings: Settings) -> UseCases:
        """The use cases, which the routes call."""
        here, topology, now_milliseconds = settings.region, settings.topology, settings.clock.now_milliseconds
        event_lookup = EventLookup(self.logs, self.deadlines)
        session_consistency = SessionConsistency(
            here,
            topology=topology,
            projection_reader=self.projection_reader,
            logs=self.logs,
            deadlines=self.deadlines,
        )
        return UseCases(
            writing=CommandHandler(
                here=here,
                projection_reader=self.projection_reader,
                log_state=self.log_state,
                writer=self.writer,
                event_lookup=event_lookup,
                deletions=Deletions(here, topology=topology, event_lookup=event_lookup, waiters=self.waiters),
                level_wait=LevelWait(here, topology=topology, log_state=self.log_state, deadlines=self.deadlines),
                deadlines=self.deadlines,
                append_seconds=settings.append_seconds,
                why_no_restricted_keys=partial(self.region.why_not_read, RESTRICTED_KEYS),
                now_milliseconds=now_milliseconds,
            ),
            reading=Queries(session_consistency),
            listing=Listing(session_consistency, Turns(self.deadlines)),
            operations=OperationStatus(
                here,
                topology=topology,
                session_consistency=session_consistency,
                event_lookup=event_lookup,
                waiters=self.waiters,
                is_in_doubt=lambda: self.log_state.doubt != "",
                now_milliseconds=now_milliseconds,
                hours=settings.operation_hours,
            ),
        )

    def works(self, backends: Backends, settings: Settings) -> Works:
        """The background work, none of which ends."""
        return (
            self.log_reader.run(),
            self.writer.run(),
            self.region.keep_listening(),
            backends.projection.subscription.keep(self.region.published, report_subscription()),
            self.sampling.run(),
            backends.projection.keep_asking(to_write=False),
            report_health(self.region.health),
            check_each_server(backends.connection, body_bytes_max=settings.body_bytes_max),
            return_free_memory(),
        )


def build_parts(settings: Settings, backends: Backends) -> Parts:
    """Everything below HTTP. Nothing of it runs yet."""
    here, topology, now_milliseconds = settings.region, settings.topology, settings.clock.now_milliseconds
    _, connection, projection = backends
    event_logs = {origin: EventLog(connection, origin) for origin in topology.regions}
    logs, log_state, waiters = LocalLogs(event_logs), LogState(tail_events_max=settings.tail_events_max), Waiters()
    log_reader = LogReader(
        log_state,
        here,
        event_log=event_logs[here],
        projection=projection,
        idempotency_keys_max=settings.idempotency_keys_max,
    )
    acknowledgements, frame_use = _acknowledgements(settings, waiters), FrameUse(settings.frames)
    writer = LogWriter(
        log_state,
        event_log=event_logs[here],
        acknowledgements=acknowledgements,
        frame_use=frame_use,
        now_milliseconds=now_milliseconds,
    )
    region = Announcements(
        here,
        topology=topology,
        connection=connection,
        projection=projection,
        log_state=log_state,
        writer=writer,
        waiters=waiters,
        acknowledgements=acknowledgements,
        outdated=lambda: outdated((connection.server, projection.server), accepted=settings.patched_servers),
    )
    frame_use.why_not_read = partial(region.why_not_read, FRAMES)
    sampling = LagSampling(
        here, topology=topology, region=region, log_state=log_state, logs=logs, now_milliseconds=now_milliseconds
    )
    limit = ConcurrencyLimit(settings.organization_requests_max)
    reader = ProjectionReader(
        here,
        projection=projection,
        concurrency_limit=limit,
        known=waiters.known,
        now_milliseconds=now_milliseconds,
        on_use=KeyUses(
            here,
            writer,
            setting=settings.last_used,
            why_not_read=partial(region.why_not_read, RESTRICTED_KEYS),
            now_milliseconds=now_milliseconds,
        ).used,
    )
    deadlines = Deadlines(waiters)
    return Parts(logs, log_state, log_reader, writer, waiters, deadlines, region, sampling, reader)


def _acknowledgements(settings: Settings, waiters: Waiters) -> Acknowledgements:
    heard_of = (settings.region, *settings.topology.others(settings.region))
    return Acknowledgements(
        waiters, {region: metrics.ACKNOWLEDGE_SECONDS.labels(region).observe for region in heard_of}
    )

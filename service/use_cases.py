"""The use cases that the routes call, over one region's projection and logs."""

from typing import NamedTuple

from service.reads.event_lookup import EventLookup
from service.reads.listing import Listing
from service.reads.local_logs import LocalLogs
from service.reads.operation_status import OperationStatus
from service.reads.projection import ProjectionReader
from service.reads.queries import Queries
from service.reads.session_consistency import SessionConsistency
from service.reads.turns import Turns
from service.settings import Settings
from service.watermarks.deadlines import Deadlines
from service.watermarks.waiters import Waiters
from service.writes.command_handler import CommandHandler
from service.writes.deletions import Deletions
from service.writes.log_state import LogState
from service.writes.log_writer import LogWriter


class UseCases(NamedTuple):
    """What the routes call."""

    writing: CommandHandler
    reading: Queries
    listing: Listing
    operations: OperationStatus


def use_cases(
    settings: Settings,
    *,
    projection_reader: ProjectionReader,
    logs: LocalLogs,
    log_state: LogState,
    writer: LogWriter,
    waiters: Waiters,
    deadlines: Deadlines,
) -> UseCases:
    """What the routes call, over one region's projection and logs."""
    here, topology, now_milliseconds = settings.region, settings.topology, settings.clock.now_milliseconds
    event_lookup = EventLookup(logs, deadlines)
    session_consistency = SessionConsistency(
        here, topology=topology, projection_reader=projection_reader, logs=logs, deadlines=deadlines
    )
    return UseCases(
        writing=CommandHandler(
            here=here,
            topology=topology,
            projection_reader=projection_reader,
            log_state=log_state,
            writer=writer,
            event_lookup=event_lookup,
            deletions=Deletions(here, topology=topology, event_lookup=event_lookup, waiters=waiters),
            deadlines=deadlines,
            append_seconds=settings.append_seconds,
            now_milliseconds=now_milliseconds,
        ),
        reading=Queries(session_consistency),
        listing=Listing(session_consistency, Turns(deadlines)),
        operations=OperationStatus(
            here,
            topology=topology,
            session_consistency=session_consistency,
            event_lookup=event_lookup,
            waiters=waiters,
            is_in_doubt=lambda: log_state.doubt != "",
            now_milliseconds=now_milliseconds,
            hours=settings.operation_hours,
        ),
    )

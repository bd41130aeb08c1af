"""What the routes call, put together over one region's projection and logs."""

from typing import NamedTuple

from service.catching_up import CatchingUp
from service.deletions import Deletions
from service.history import History
from service.listing import Listing
from service.local_logs import LocalLogs
from service.log_writer import LogWriter
from service.operations import Operations
from service.own_log import OwnLog
from service.patience import Patience
from service.reading import Reading
from service.settings import Settings
from service.turns import Turns
from service.views import Views
from service.waiting import Waiting
from service.writing import Writing


class UseCases(NamedTuple):
    """What the routes call."""

    writing: Writing
    reading: Reading
    listing: Listing
    operations: Operations


def use_cases(
    settings: Settings,
    *,
    views: Views,
    logs: LocalLogs,
    own_log: OwnLog,
    writer: LogWriter,
    waiting: Waiting,
    patience: Patience,
) -> UseCases:
    """What the routes call, over one region's projection and logs."""
    here, topology, now_milliseconds = settings.region, settings.topology, settings.clock.now_milliseconds
    history = History(logs, patience)
    catching_up = CatchingUp(here, topology=topology, views=views, logs=logs, patience=patience)
    return UseCases(
        writing=Writing(
            here=here,
            topology=topology,
            views=views,
            own_log=own_log,
            writer=writer,
            history=history,
            deletions=Deletions(here, topology=topology, history=history, waiting=waiting),
            patience=patience,
            append_seconds=settings.append_seconds,
            now_milliseconds=now_milliseconds,
        ),
        reading=Reading(catching_up),
        listing=Listing(catching_up, Turns(patience)),
        operations=Operations(
            here,
            topology=topology,
            catching_up=catching_up,
            history=history,
            waiting=waiting,
            is_in_doubt=lambda: own_log.doubt != "",
            now_milliseconds=now_milliseconds,
            hours=settings.operation_hours,
        ),
    )

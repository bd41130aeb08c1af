"""Establish a region's origin log: once, and never in the place of one that was lost."""

import secrets
from collections.abc import Mapping

import structlog

from adapters.errors import LogLost, LogMissing, Unavailable
from adapters.event_log import EventLog
from core.positions import Epoch, Region

log = structlog.get_logger()

EPOCH_BYTES = 5


async def establish(own: EventLog, *, copies: Mapping[Region, EventLog], replicas: int, is_first_start: bool) -> None:
    """Return once this region has its origin log.

    It is created only when every other region says that it has no copy of it, or on an explicit first start.
    Raises `Unavailable` while one of them does not answer, and `LogLost` if one has a copy.
    """
    try:
        await own.describe()
    except LogMissing:
        if not is_first_start:
            await _make_sure_there_is_no_copy(own.origin, copies)
        await own.create(Epoch(secrets.token_hex(EPOCH_BYTES)), replicas=replicas)
        log.info("origin log", epoch=(await own.describe()).epoch)


async def _make_sure_there_is_no_copy(origin: Region, copies: Mapping[Region, EventLog]) -> None:
    for region, copy in copies.items():
        try:
            info = await copy.describe()
        except LogMissing:
            continue
        except Unavailable as error:
            raise Unavailable(f"{region} has not said yet that it has no copy of this region's log: {error}") from error
        raise LogLost(origin, holder=region, last_sequence=info.last_sequence)

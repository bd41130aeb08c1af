"""A region's announcements to every region over core NATS: its vector, as its Redis has it."""

from collections.abc import Callable
from contextlib import suppress

import msgspec
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from adapters.connection import Connection
from adapters.errors import Unavailable
from adapters.session import Session
from core.known_marks import Known
from core.positions import Mark, Region
from core.subjects import ANNOUNCEMENTS, announcements_of


class Announcement(msgspec.Struct, frozen=True):
    """A region's watermarks. It is cumulative: the next one replaces any that was lost.

    `incarnation` changes whenever the region's Redis may have gone back. `is_current` is whether its reads are as new
    as any before. `halted` has the reason for each halted origin.
    `not_connected` has the regions, its own included, to whose NATS the announcing process has no connection.
    `waiting` has, for each origin that waits, the step and the reason.
    `refused` is why the region's Redis refuses writes; `""` while it accepts them.
    `not_current` is why the projection is not current; `""` while it is, or is only rebuilt. `known_of_recipient` is
    the vector that the announcing process knows of the recipient. Only heartbeats have it. `reads` has those of
    `core.subjects.FORMS` that every process of the region is known to read.
    """

    region: Region
    incarnation: str
    is_current: bool
    vector: dict[Region, Mark]
    halted: dict[Region, str] = msgspec.field(default_factory=dict)
    not_connected: list[Region] = msgspec.field(default_factory=list)
    refused: str = ""
    waiting: dict[Region, str] = msgspec.field(default_factory=dict)
    not_current: str = ""
    known_of_recipient: Known | None = None
    reads: list[str] = msgspec.field(default_factory=list)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Announcement)


async def announce(session: Session, announcement: Announcement) -> None:
    """Send it to the region at the other end, without a receipt. Raises `Unavailable`."""
    await session.publish(announcements_of(announcement.region), _encoder.encode(announcement))


async def listen(session: Session, heard: Callable[[Announcement], None]) -> Subscription:
    """Call `heard` with each announcement that reaches this session's region. Raises `Unavailable`."""

    def on_message(message: Msg) -> None:
        try:
            announcement = _decoder.decode(message.data)
        except msgspec.DecodeError:
            return  # A newer version's. Its watermarks also come in our version, or the wait times out.
        if message.subject == announcements_of(announcement.region):
            heard(announcement)

    return await session.subscribe(ANNOUNCEMENTS, on_message)


async def keep_listening(connection: Connection, heard: Callable[[Announcement], None]) -> None:
    """Call `heard` with each announcement, on one session after the other, until cancelled."""
    while True:
        session = await connection.session()
        with suppress(Unavailable):
            await listen(session, heard)
            await session.wait_replaced()

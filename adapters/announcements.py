"""What a region tells every region about itself, over core NATS: its vector, as it stands in its Redis."""

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
    """A region's watermarks. It is cumulative: the next one makes up for any that was lost.

    `incarnation` changes whenever the region's Redis may have gone back; `is_current` says whether what it
    answers is as new as anything it ever answered; `halted` has the reason for each origin that is stopped;
    `not_connected` has the regions, its own among them, to whose NATS whoever announces has no connection.
    `waiting` has, for each origin that does not get on for now, the step that waits and why.
    `refused` is why the region's Redis takes no writes, `""` while it does.
    `not_current` says in words why it is not current; `""` while it is, or is only rebuilt. `known_of_recipient` is
    what whoever announces knows the region that it is sent to to have applied: a heartbeat has it, no other.
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


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Announcement)


async def announce(session: Session, announcement: Announcement) -> None:
    """Tell the region at the other end. Raises `Unavailable`; whether it arrives is not known."""
    await session.publish(announcements_of(announcement.region), _encoder.encode(announcement))


async def listen(session: Session, heard: Callable[[Announcement], None]) -> Subscription:
    """Have `heard` called with each announcement that reaches this session's region. Raises `Unavailable`."""

    async def on_message(message: Msg) -> None:
        try:
            announcement = _decoder.decode(message.data)
        except msgspec.DecodeError:
            return  # A newer version's; what it says will be said again in ours or waited for.
        if message.subject == announcements_of(announcement.region):
            heard(announcement)

    return await session.subscribe(ANNOUNCEMENTS, on_message)


async def keep_listening(connection: Connection, heard: Callable[[Announcement], None]) -> None:
    """Have `heard` called with each announcement, on one session after the other, until cancelled."""
    while True:
        session = await connection.session()
        with suppress(Unavailable):
            await listen(session, heard)
            await session.wait_lost()

"""Operation ids: an id names the only place where its event can be (ADR 9).

A write is handed to the log as part of a batch, which is stored whole at its place, or never. An operation gets its id
together with its place, and the id names the place. So the log alone shows the outcome of the operation, and no process
keeps a record of it.

The batch is one frame, or in older logs a message for each event. The message at the id's sequence says which: the
number is the event's number in that frame, or in its batch of older messages.

An id is a UUID of version 8. From the front, its 122 free bits are 26 of the time in minutes and 23 by chance, which
all operations of a batch share; then 24 of a code for the log and its epoch, 9 of the number in the batch, 40 of the
sequence. The last three are masked by the organization: for any other organization they name a place in no log.

Source: RFC 9562, section 5.8.
"""

import re
from hashlib import blake2b

import msgspec

from core.positions import NOTHING, Epoch, Region, Sequence

NONCE_BITS = 23

_SEQUENCE_BITS = 40
_NUMBER_BITS = 9
NUMBERS = 1 << _NUMBER_BITS
"""How many numbers an id has room for."""

_LOG_BITS = 24
_PLACE_BITS = _LOG_BITS + _NUMBER_BITS + _SEQUENCE_BITS
_MINUTES_BITS = 26
BATCH_BITS = _MINUTES_BITS + NONCE_BITS
_LOW_BITS = 62
_MIDDLE_BITS = 12
_UUID_8 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-([89ab][0-9a-f]{3})-([0-9a-f]{12})")


class Operation(msgspec.Struct, frozen=True):
    """The contents of an id: the batch, its time and its log, the event's number in it, and the message's place."""

    batch: int
    log: int
    number: int
    sequence: Sequence

    @property
    def made_at_minutes(self) -> int:
        """When it was handed to the log, in minutes since 1970."""
        return self.batch >> NONCE_BITS


def batch_name(*, now_milliseconds: int, nonce: int) -> int:
    """Distinguishes a batch from others that are handed to a log for the same place. `nonce` is `NONCE_BITS` long."""
    return _lowest(now_milliseconds // 60_000, _MINUTES_BITS) << NONCE_BITS | nonce


def log_code(origin: Region, epoch: Epoch) -> int:
    """The code by which an id names one epoch of an origin's log."""
    return int.from_bytes(blake2b(f"{origin} {epoch}".encode(), digest_size=3).digest())


def operation_id(organization_id: str, *, batch: int, log: int, number: int, sequence: Sequence) -> str:
    """The id of an operation whose event is handed to a log in the message for `sequence`."""
    place = (log << _NUMBER_BITS | number) << _SEQUENCE_BITS | sequence
    free = batch << _PLACE_BITS | place ^ _mask(organization_id, batch)
    low, rest = _lowest(free, _LOW_BITS), free >> _LOW_BITS
    version_8, variant = 0x8 << _MIDDLE_BITS, 0b10 << _LOW_BITS
    high = rest >> _MIDDLE_BITS << 16 | version_8 | _lowest(rest, _MIDDLE_BITS)
    text = f"{high:016x}{variant | low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def operation_in(text: str, organization_id: str) -> Operation | None:
    """The contents of the id `text`, or None if it is no id. For another organization it names no log."""
    found = _UUID_8.fullmatch(text)
    if found is None:
        return None
    front, second, third, fourth, last = (int(group, 16) for group in found.groups())
    rest = (front << 16 | second) << _MIDDLE_BITS | third
    free = rest << _LOW_BITS | _lowest(fourth << 48 | last, _LOW_BITS)
    batch = free >> _PLACE_BITS
    place = _lowest(free, _PLACE_BITS) ^ _mask(organization_id, batch)
    sequence = _lowest(place, _SEQUENCE_BITS)
    if sequence == NOTHING:
        return None
    number = _lowest(place >> _SEQUENCE_BITS, _NUMBER_BITS)
    log = place >> _NUMBER_BITS + _SEQUENCE_BITS
    return Operation(batch=batch, log=log, number=number, sequence=Sequence(sequence))


def _mask(organization_id: str, batch: int) -> int:
    digest = blake2b(f"{organization_id} {batch}".encode(), digest_size=10).digest()
    return _lowest(int.from_bytes(digest), _PLACE_BITS)


def _lowest(number: int, bits: int) -> int:
    return number & ((1 << bits) - 1)

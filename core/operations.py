"""Operation ids: an id names the only place where its event can be (ADR 9).

A write is handed to the log for one place, and either lands there or never lands. So its id is made when it gets its
place, and says which: whoever has the log can tell what became of it, without anybody having kept a record of it.

An id is a UUID of version 8, whose 122 free bits are, from the front: 32 of the time in seconds, 16 by chance, 10 to
recognize the organization by, 24 of the origin's code, 40 of the sequence. Source: RFC 9562, section 5.8.
"""

import re
from hashlib import blake2b

import msgspec

from core.positions import Region, Sequence
from core.stamps import origin_code

NONCE_BITS = 16
KEPT_SECONDS = 24 * 3_600
"""How long after it was made an id is answered for."""

_CHECK_BITS = 10
_ORIGIN_BITS = 24
_SEQUENCE_BITS = 40
_LOW_BITS = 62
_VERSION_8 = 0x8 << 76
_VARIANT = 0b10 << _LOW_BITS
_UUID_8 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-([89ab][0-9a-f]{3})-([0-9a-f]{12})")


class Operation(msgspec.Struct, frozen=True):
    """What an id says: when it was made, and the place that its event was handed to the log for."""

    made_at_seconds: int
    origin_code: str
    sequence: Sequence


def operation_id(organization_id: str, origin: Region, sequence: Sequence, *, now_milliseconds: int, nonce: int) -> str:
    """The id of a write that is handed to `origin`'s log for `sequence`. `nonce` has `NONCE_BITS` bits of chance."""
    front = (now_milliseconds // 1_000 & 0xFFFFFFFF) << NONCE_BITS | nonce
    place = int(origin_code(origin), 16) << _SEQUENCE_BITS | sequence
    rest = _check(organization_id, front, place) << (_ORIGIN_BITS + _SEQUENCE_BITS) | place
    low = rest & ((1 << _LOW_BITS) - 1)
    text = f"{front << 80 | _VERSION_8 | rest >> _LOW_BITS << 64 | _VARIANT | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def operation_in(text: str, organization_id: str) -> Operation | None:
    """What the id `text` says, or None if it was not made by crosshook, or not for this organization."""
    found = _UUID_8.fullmatch(text)
    if found is None:
        return None
    number = int("".join(found.groups()), 16)
    front, high, low = number >> 76, number >> 64 & 0xFFF, number & ((1 << _LOW_BITS) - 1)
    rest = high << _LOW_BITS | low
    place = rest & ((1 << _ORIGIN_BITS + _SEQUENCE_BITS) - 1)
    if rest >> (_ORIGIN_BITS + _SEQUENCE_BITS) != _check(organization_id, front, place):
        return None
    return Operation(
        made_at_seconds=front >> NONCE_BITS,
        origin_code=f"{place >> _SEQUENCE_BITS:06x}",
        sequence=Sequence(place & ((1 << _SEQUENCE_BITS) - 1)),
    )


def _check(organization_id: str, front: int, place: int) -> int:
    digest = blake2b(f"{organization_id} {front} {place}".encode(), digest_size=2).digest()
    return int.from_bytes(digest) & ((1 << _CHECK_BITS) - 1)

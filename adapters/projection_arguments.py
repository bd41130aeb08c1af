"""The arguments of the scripts that read and apply, and their keys after the state's."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from core.positions import Mark, Region
from core.registers import ENTRY_CHARACTERS, TOMBSTONE, Query, Recall, Record, Write
from core.stamps import STAMP_WIDTH

PIECE_BYTES = 256 * 1024
"""How many bytes a read takes of `some` keys, and with how many it answers no other query of the same call.

Other calls wait for Redis meanwhile: about a millisecond.
"""

_encode = msgspec.msgpack.Encoder().encode


class Run(msgspec.Struct, frozen=True):
    """Consecutive messages of one origin, as register writes: from the one after `before` up to `last`."""

    origin: Region
    before: Mark
    last: Mark
    clock_text: str
    writes: Sequence[Write]
    records: Sequence[Record] = ()


class Call(NamedTuple):
    """The keys and the arguments of one call."""

    keys: list[str]
    arguments: Sequence[str | bytes]


def of_read(queries: Sequence[Query]) -> Call:
    """The call of `read` that answers `queries`, or the first of them."""
    keys: list[str] = []
    arguments: list[str] = [str(PIECE_BYTES)]
    for query in queries:
        offset, limit = map(str, query.page) if query.page is not None else ("", "")
        index_key, entry = query.named_in or ("", "")
        recalled, buckets = query.recall or Recall("", ())
        keys += (*query.keys, *query.some, *(key for key in (index_key, query.counted) if key), *buckets)
        arguments += (
            str(len(query.keys)),
            str(len(query.fields)),
            *query.fields,
            str(len(query.some)),
            query.follow,
            offset,
            limit,
            entry,
            "1" if query.counted else "",
            recalled,
            str(len(buckets)),
        )
    return Call(keys, arguments)


def of_apply(run: Run, *, channel: str) -> Call:
    """The call of `apply`, which publishes the new watermark on `channel`.

    All writes are one argument, in MessagePack: every argument costs client and Redis more than the writes do.
    """
    places = _Places()
    writes = [_packed(write, places) for write in run.writes]
    records = [(places[bucket], field, value, seconds) for bucket, field, value, seconds in run.records]
    arguments: list[str | bytes] = [
        run.origin,
        run.last.epoch,
        str(run.before.sequence),
        run.before.fingerprint,
        str(run.last.sequence),
        run.last.fingerprint,
        run.clock_text,
        str(STAMP_WIDTH),
        TOMBSTONE,
        str(ENTRY_CHARACTERS),
        channel,
        str(run.last.count - run.last.sequence),
        _encode(writes),
        _encode(records),
    ]
    return Call(places.keys_in_order(), arguments)


class _Places(dict[str, int]):
    """The place of each key in KEYS, after the state's; 0 for no key. A key that is asked for gets the next place."""

    def __init__(self) -> None:
        super().__init__({"": 0})

    def __missing__(self, key: str) -> int:
        self[key] = place = len(self) + 1
        return place

    def keys_in_order(self) -> list[str]:
        return list(self)[1:]


def _packed(write: Write, places: _Places) -> tuple[int | str, ...]:
    """A write as the script takes it: without what follows the register, if that is all empty."""
    pointing_key, pointing_field = write.pointer
    if not (write.points_to or pointing_key or write.index_key):
        return places[write.key], write.field, write.register
    pointing = places[pointing_key], pointing_field
    indexing = places[write.index_key], write.indexed
    return places[write.key], write.field, write.register, places[write.points_to], *pointing, *indexing

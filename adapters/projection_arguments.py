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
    arguments: list[str]


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
    """The call of `apply`, which publishes the new watermark on `channel`."""
    buckets = (record.bucket for record in run.records)
    keys = list(dict.fromkeys([*(key for write in run.writes for key in _keys_of(write)), *buckets]))
    index = {key: str(number) for number, key in enumerate(keys, start=2)} | {"": "0"}
    arguments: list[str] = [
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
        str(len(run.writes)),
        channel,
        str(run.last.count - run.last.sequence),
    ]
    for key, field, register, points_to, (pointing_key, pointing_field), index_key, indexed in run.writes:
        arguments += (index[key], field, register, index[points_to], index[pointing_key], pointing_field)
        arguments += (index[index_key], indexed)
    for bucket, field, value, seconds in run.records:
        arguments += (index[bucket], field, value, str(seconds))
    return Call(keys, arguments)


def _keys_of(write: Write) -> list[str]:
    return [key for key in (write.key, write.points_to, write.pointer[0], write.index_key) if key]

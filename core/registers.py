"""Registers: what a projection is made of, and how writes to it converge.

A key holds registers, field -> stamp and value; of two writes to one field the one with the higher stamp
stays. A buried key holds its tombstone only, for ever: whatever else is written to it, or to a field
elsewhere that points to it, is dropped. Any order of any writes therefore gives the same registers.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from core.stamps import STAMP_WIDTH, Stamp

Fields = Mapping[str, str]
"""The registers of one key: field -> stamp followed by value."""

Registers = Mapping[str, Fields]
"""Key -> its registers. A key that was read and has none may be missing."""

TOMBSTONE = "!"
"""The only field of a buried key; its register is the stamp of the highest burial."""


class Recall(NamedTuple):
    """Records to look for beside the registers: those of `field` in `buckets`."""

    field: str
    buckets: tuple[str, ...]


class Query(NamedTuple):
    """What to read of a projection in one go.

    `keys`; and for each field of the first of them the key `follow` + field. With `where`, a field and a value,
    only those of them whose register of that field has that value. With `page`, an offset and a limit, only the
    fields of the first key that have those places in the order of their registers. With `recall`, records as well.
    """

    keys: tuple[str, ...]
    follow: str = ""
    where: tuple[str, str] | None = None
    page: tuple[int, int] | None = None
    recall: Recall | None = None


class Write(NamedTuple):
    """One register write, `register` beginning with its stamp.

    With `points_to` it is dropped where that key is buried. With the field `TOMBSTONE` it buries `key`, and
    removes the field `pointer[1]` of the key `pointer[0]`, which points to it.
    """

    key: str
    field: str
    register: str
    points_to: str = ""
    pointer: tuple[str, str] = ("", "")


class Record(NamedTuple):
    """What is kept for a while beside the registers: in `bucket`, which is forgotten after `seconds`.

    `value` begins with a stamp. Of two for one field the one with the lower stamp stays: the first.
    """

    bucket: str
    field: str
    value: str
    seconds: int


def merge(registers: dict[str, dict[str, str]], writes: Iterable[Write]) -> None:
    """Apply `writes` to `registers` in place."""
    for write in writes:
        if write.field == TOMBSTONE:
            _bury(registers, write)
        elif not is_buried(registers, write.key) and not is_buried(registers, write.points_to):
            fields = registers.setdefault(write.key, {})
            if stamp_of(write.register) > stamp_of(fields.get(write.field, "")):
                fields[write.field] = write.register


def is_buried(registers: Registers, key: str) -> bool:
    """Whether `key` is buried."""
    return TOMBSTONE in registers.get(key, ())


def _bury(registers: dict[str, dict[str, str]], write: Write) -> None:
    highest = max(registers.get(write.key, {}).get(TOMBSTONE, ""), write.register)
    registers[write.key] = {TOMBSTONE: highest}
    pointing_key, pointing_field = write.pointer
    pointing = registers.get(pointing_key, {})
    pointing.pop(pointing_field, None)
    if not pointing:
        registers.pop(pointing_key, None)


def value_of(register: str) -> str:
    """The value after the stamp."""
    return register[STAMP_WIDTH:]


def stamp_of(register: str) -> Stamp:
    """The stamp before the value."""
    return Stamp(register[:STAMP_WIDTH])

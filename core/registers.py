"""Last-writer-wins registers: the content of a projection, and how writes to it converge.

A key holds last-writer-wins registers, field -> stamp and value. Of two writes to one field, the one with the higher
stamp stays. A buried key holds its tombstone only, permanently: every other write to it, or to a field that points to
it, is dropped. Any order of any writes therefore gives the same registers.

An index is a key without registers of its own. It maps an entry to the names of the keys whose register of the indexed
field has that entry, in order, with spaces between them.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha1
from typing import NamedTuple

import msgspec

from core.stamps import STAMP_WIDTH, Stamp

Fields = Mapping[str, str]
"""The registers of one key: field -> stamp followed by value."""

ENTRY_CHARACTERS = 16
"""How long an entry of an index is. Two values can share one, so an entry names candidates."""

Registers = Mapping[str, Fields]
"""Key -> its registers. A key that was read and has none may be missing."""

TOMBSTONE = "!"
"""The only field of a buried key; its register is the stamp of the highest burial."""


class Recall(NamedTuple):
    """Records to look for beside the registers: those of `field` in `buckets`."""

    field: str
    buckets: tuple[str, ...]


class Index(NamedTuple):
    """One entry of the index with this key."""

    key: str
    entry: str


class Query(NamedTuple):
    """The registers and records to read from a projection in one step.

    It reads `keys`, and for each field of the first of them the key `follow` + field. With `fields` it reads only
    these of the first key. With `page`, an offset and a limit, it takes only the fields of the first key at those
    places in the order of their registers. With `named_in` it takes the names in that entry instead of fields. With
    `counted` it also counts the fields of that key. With `recall` it also reads records. Of `some` keys it reads
    the first, and then as many as fit in one step. The result does not have the others.
    """

    keys: tuple[str, ...]
    follow: str = ""
    page: tuple[int, int] | None = None
    named_in: Index | None = None
    counted: str = ""
    recall: Recall | None = None
    some: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


class Write(msgspec.Struct, frozen=True):
    """One register write. `register` begins with its stamp.

    With `points_to` it is dropped if that key is buried. With the field `TOMBSTONE` it buries `key`, and removes the
    field `pointer[1]` of the key `pointer[0]`, which points to it. With `index_key`, that index has the register. If
    the write buries, it has the register of the field `indexed`.
    """

    key: str
    field: str
    register: str
    points_to: str = ""
    pointer: tuple[str, str] = ("", "")
    index_key: str = ""
    indexed: str = ""


class Record(NamedTuple):
    """A record stored for a while beside the registers: in `bucket`, which is dropped after `seconds`.

    `value` begins with a stamp. Of two records for one field, the one with the lower stamp stays: the first.
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
            old = fields.get(write.field, "")
            if stamp_of(write.register) > stamp_of(old):
                take_out(registers, write, old)
                fields[write.field] = write.register
                _put_in(registers, write)


def is_buried(registers: Registers, key: str) -> bool:
    """Whether `key` is buried."""
    return TOMBSTONE in registers.get(key, ())


def entry_of(value: str) -> str:
    """The entry of an index for a register's value: the digest of its last word."""
    return sha1(value.rpartition(" ")[2].encode(), usedforsecurity=False).hexdigest()[:ENTRY_CHARACTERS]


def names_in(registers: Registers, index: Index) -> list[str]:
    """The names in an entry of an index."""
    return registers.get(index.key, {}).get(index.entry, "").split()


def _put_in(registers: dict[str, dict[str, str]], write: Write) -> None:
    if write.index_key:
        index = Index(write.index_key, entry_of(value_of(write.register)))
        names = {*names_in(registers, index), name_of(write.key)}
        registers.setdefault(index.key, {})[index.entry] = " ".join(sorted(names))


def take_out(registers: dict[str, dict[str, str]], write: Write, register: str) -> None:
    """Remove the key of `write` from its index, where it stands for its former `register`."""
    if not write.index_key or not register:
        return
    index = Index(write.index_key, entry_of(value_of(register)))
    names = [name for name in names_in(registers, index) if name != name_of(write.key)]
    entries = registers.get(index.key, {})
    entries.pop(index.entry, None)
    if names:
        entries[index.entry] = " ".join(names)
    elif not entries:
        registers.pop(index.key, None)


def name_of(key: str) -> str:
    """The name of a key in an index: its last part."""
    return key.rpartition(":")[2]


def _bury(registers: dict[str, dict[str, str]], write: Write) -> None:
    take_out(registers, write, registers.get(write.key, {}).get(write.indexed, ""))
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

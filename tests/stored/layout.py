"""What is in a file of what a version stored."""

from pathlib import Path
from typing import Any

import msgspec

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"

HERE = Path(__file__).parent
FORMAT_1 = HERE / "format_1.json"
FORMAT_2 = HERE / "format_2.json"


class StoredMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message of a log, at the place that it has in the list: the first is 1.

    The headers that NATS obeyed when it took the message are left out: a copy does not have them either.
    """

    subject: str
    data: str
    headers: dict[str, str] = {}


class StoredKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """A hash in Redis. `milliseconds_left` is how long it stays; -1 means forever."""

    fields: dict[str, str]
    milliseconds_left: int = -1


class KeyedWrite(msgspec.Struct, frozen=True, omit_defaults=True):
    """A write with an idempotency key, and how it was answered. `result` is that of the body, without a secret."""

    region: str
    method: str
    path: str
    idempotency_key: str
    status: int
    operation_id: str
    body: dict[str, Any] | None = None
    etag: str | None = None
    result: dict[str, Any] | None = None

    @property
    def is_of_the_administrator(self) -> bool:
        """Whether the admin key was shown."""
        return self.path.startswith("/admin/")


class StoredRegion(msgspec.Struct, frozen=True):
    """A region's streams, by the origin of the log that each keeps, and the keys that only its own Redis has."""

    streams: dict[str, dict[str, Any]]
    redis: dict[str, StoredKey]


class Stored(msgspec.Struct, frozen=True):
    """Everything that `commit` had stored at `at_milliseconds` (since 1970).

    Every region had every log, up to its end, and so the same `registers`.
    """

    commit: str
    at_milliseconds: int
    logs: dict[str, list[StoredMessage]]
    registers: dict[str, dict[str, str]]
    regions: dict[str, StoredRegion]
    keyed_writes: list[KeyedWrite]


def read(path: Path) -> Stored:
    """What is in such a file."""
    return msgspec.json.decode(path.read_bytes(), type=Stored)


def write(path: Path, stored: Stored) -> None:
    """Make such a file, the same for the same content."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(stored, order="sorted"), indent=1) + b"\n")

"""The few calls of JetStream's API that a log needs. Source: NATS docs, reference, JetStream API."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from adapters.errors import Unavailable
from adapters.server_needs import complaint_about
from adapters.session import Session
from core.subjects import FORMS

API_TIMEOUT_SECONDS = 3.0
STREAM_NOT_FOUND = 10059
STREAM_NAME_TAKEN = 10058
MESSAGE_NOT_FOUND = 10037
READS = "crosshook.reads"
"""The key of a consumer's metadata for the forms (`core.subjects.FORMS`) that its reader knows, with spaces between."""

_SERVER_VERSION = "_nats.ver"
"""A key that the answering server adds to a stream's metadata: its own version."""

T = TypeVar("T")

_UNFORESEEN = "this NATS answered in an unforeseen shape"


class ApiError(Exception):
    """JetStream refused a request."""

    def __init__(self, *, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code


class Error(msgspec.Struct, frozen=True):
    """The member `error` of an answer."""

    code: int = 0
    err_code: int = 0
    description: str = ""


class _Answer(msgspec.Struct, frozen=True):
    error: Error | None = None


class Lost(msgspec.Struct, frozen=True):
    """The messages that a server found damaged in a stream since it started, and has lost."""

    bytes: int = 0


class StreamState(msgspec.Struct, frozen=True):
    """A stream's ends, its messages and their bytes. `lost` is only in an answer to a request for details."""

    messages: int = 0
    bytes: int = 0
    first_seq: int = 0
    last_seq: int = 0
    num_deleted: int = 0
    lost: Lost | None = None


class ConsumerLimits(msgspec.Struct, frozen=True):
    """The longest time, in nanoseconds, that a consumer without a subscriber may stay.

    It limits what the consumer's creator asks for. Otherwise another region's login could leave the most consumers
    behind permanently. It is longer than readers ask for today, because an existing stream keeps it.
    """

    inactive_threshold: int = 60_000_000_000


class StreamConfig(msgspec.Struct, frozen=True, omit_defaults=False):
    """A stream that keeps all messages permanently and in order."""

    name: str
    subjects: list[str]
    metadata: dict[str, str]
    num_replicas: int = 1
    retention: str = "limits"
    storage: str = "file"
    discard: str = "new"
    max_age: int = 0
    max_bytes: int = -1
    max_msgs: int = -1
    max_msg_size: int = -1
    deny_delete: bool = True
    deny_purge: bool = True
    allow_atomic: bool = True
    allow_direct: bool = False
    consumer_limits: ConsumerLimits = ConsumerLimits()


class Replica(msgspec.Struct, frozen=True):
    """Another server that keeps a stream. `active`: nanoseconds since the leader last heard it agree."""

    active: int = 0


class Cluster(msgspec.Struct, frozen=True):
    """The servers that keep a stream: its leader, if there is one, and the others. A single server always leads."""

    leader: str = ""
    replicas: list[Replica] = msgspec.field(default_factory=list)

    def is_followed_within(self, seconds: float) -> bool:
        """Whether a majority, the leader included, confirmed within the last `seconds` that it leads."""
        heard = sum(replica.active < seconds * 1e9 for replica in self.replicas)
        return 2 * (heard + 1) > len(self.replicas) + 1


class StreamInfo(msgspec.Struct, frozen=True):
    """A stream's configuration and state, the time it was created or restored, and the servers that keep it."""

    config: StreamConfig
    state: StreamState
    cluster: Cluster
    created: str = ""


class _ConsumerConfig(msgspec.Struct, frozen=True):
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    deliver_subject: str = ""


class _Consumer(msgspec.Struct, frozen=True):
    name: str
    config: _ConsumerConfig


class _Consumers(msgspec.Struct, frozen=True):
    """A page of a stream's consumers. `missing` has those about which no server answered in time."""

    total: int = 0
    consumers: list[_Consumer] | None = None
    missing: list[str] | None = None


class Reader(msgspec.Struct, frozen=True):
    """A consumer of a stream, and the forms that it reads. It has no `deliver` if its messages are pulled."""

    name: str
    deliver: str
    reads: frozenset[str]


class _StoredMessage(msgspec.Struct, frozen=True):
    subject: str
    seq: int
    data: str = ""
    time: str = ""


class _StoredAnswer(msgspec.Struct, frozen=True):
    message: _StoredMessage


class StoredMessage(msgspec.Struct, frozen=True):
    """A message as a stream keeps it. `time` is when the stream stored it, as RFC 3339."""

    subject: str
    sequence: int
    data: bytes
    time: str


async def call(session: Session, subject: str, body: Any = None) -> bytes:  # noqa: ANN401 - whatever JSON takes
    """The answer to an API request. Raises `ApiError`, `Unavailable`."""
    with _counted(session):
        return await _answer(session, subject, body)


async def stream_info(session: Session, stream: str) -> StreamInfo:
    """A stream's description by its leader. Raises `ApiError` (`STREAM_NOT_FOUND`), `Unavailable`.

    Without a leader each server answers with its own messages, which may not be all. This raises `Unavailable` then.
    """
    with _counted(session):
        info = decoded(await _answer(session, f"STREAM.INFO.{stream}", {"deleted_details": True}), StreamInfo)
        if not info.cluster.leader:
            raise Unavailable(f"no server leads {stream} now")
        if complaint := complaint_about(info.config.metadata.get(_SERVER_VERSION, "")):
            raise Unavailable(f"the leader of {stream}: {complaint}")
        return info


@contextmanager
def _counted(session: Session) -> Iterator[None]:
    """Report to the session whether its server serves."""
    try:
        yield
    except Unavailable:
        session.unserved()
        raise
    except ApiError:
        session.served()
        raise
    session.served()


async def _answer(session: Session, subject: str, body: Any = None) -> bytes:  # noqa: ANN401 - as above
    payload = b"" if body is None else msgspec.json.encode(body)
    answer = await session.request(f"$JS.API.{subject}", payload, timeout_seconds=API_TIMEOUT_SECONDS)
    error = decoded(answer.data, _Answer).error
    if error is not None:
        if error.code >= 500 and error.err_code != STREAM_NAME_TAKEN:
            raise Unavailable(f"{error.description} ({error.err_code})")
        raise ApiError(code=error.err_code, description=error.description)
    return answer.data


def decoded(answer: bytes, kind: type[T]) -> T:
    """An answer as `kind`. Raises `Unavailable` if it has another shape: its meaning is unknown."""
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise Unavailable(f"{_UNFORESEEN}: {error}") from error


async def create_stream(session: Session, config: StreamConfig) -> None:
    """Create a stream that does not exist. Raises `ApiError` (`STREAM_NAME_TAKEN`), `Unavailable`."""
    await call(session, f"STREAM.CREATE.{config.name}", config)


async def stored_message(session: Session, stream: str, sequence: int) -> StoredMessage:
    """One message, from the stream's leader. Raises `ApiError` if the stream has none there, `Unavailable`."""
    answer = await call(session, f"STREAM.MSG.GET.{stream}", {"seq": sequence})
    message = decoded(answer, _StoredAnswer).message
    try:
        data = base64.b64decode(message.data)
    except ValueError as error:
        raise Unavailable(f"{_UNFORESEEN}: {error}") from error
    return StoredMessage(subject=message.subject, sequence=message.seq, data=data, time=message.time)


async def create_push_consumer(session: Session, stream: str, *, deliver: str, start: int) -> None:
    """Start the delivery of every message from sequence `start` on to `deliver`, in order, once, with flow control.

    Nothing is acknowledged, so nothing is delivered twice. The server removes the consumer 5 s after its last
    subscriber is gone. Until then the consumer shows in `READS` which forms its reader knows.
    """
    config = {
        "deliver_subject": deliver,
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": start,
        "ack_policy": "none",
        "max_deliver": 1,
        "flow_control": True,
        "idle_heartbeat": 1_000_000_000,
        "inactive_threshold": 5_000_000_000,
        "mem_storage": True,
        "num_replicas": 1,
        "metadata": {READS: " ".join(FORMS)},
    }
    await call(session, f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": config})


async def readers(session: Session, stream: str) -> list[Reader]:
    """Every consumer of a stream. Raises `ApiError`, `Unavailable`.

    Servers that keep a stream together may answer for some of its consumers only. This raises `Unavailable` then. Its
    outcome is no sign of whether the server serves: the role may lack this permission alone.
    """
    found: list[Reader] = []
    while True:
        page = decoded(await _answer(session, f"CONSUMER.LIST.{stream}", {"offset": len(found)}), _Consumers)
        if page.missing:
            raise Unavailable(f"no server describes the consumers {', '.join(page.missing)} of {stream} now")
        consumers = page.consumers or []
        found += [
            Reader(one.name, one.config.deliver_subject, frozenset(one.config.metadata.get(READS, "").split()))
            for one in consumers
        ]
        if len(found) >= page.total:
            return found
        if not consumers:
            raise Unavailable(f"{len(found)} of {page.total} consumers of {stream} were described")


def sequence_of(reply: str) -> int:
    """The stream sequence in a delivered message's reply subject, in its old and its new form.

    Old: `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.…`; the new one has domain and account after `ACK`.
    Raises `Unavailable` if it is neither.
    """
    tokens = reply.split(".")
    old_form = 9
    try:
        return int(tokens[5] if len(tokens) == old_form else tokens[7])
    except (IndexError, ValueError) as error:
        raise Unavailable(f"{_UNFORESEEN}: an event came with the reply subject {reply!r}") from error

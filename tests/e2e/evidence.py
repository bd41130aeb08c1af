"""The real content of the logs and of Redis, read without the project's own readers."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import nats
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import ServiceUnavailableError
from redis.asyncio import Redis

from core.events import WebhookCreated
from core.frames import LoggedEvent, decode_message
from core.positions import Region, Sequence
from core.projection import writes_of
from core.registers import merge
from tests.e2e.callers import Told

Log = list["Message"]
Registers = dict[str, dict[str, str]]

Connect = Callable[[str], Awaitable[Client]]
"""Connects to the NATS at an address."""

FETCHED = 500
READ_SECONDS_MAX = 60.0


class Place(Protocol):
    """A region's servers, with logins that may do everything there."""

    @property
    def nats_url(self) -> str:
        """Its NATS, for its own log."""

    @property
    def redis_url(self) -> str:
        """Its Redis."""

    def log_url(self, origin: str) -> str:
        """Its NATS, for the log of `origin`."""


class Places(Protocol):
    """All regions' servers."""

    @property
    def regions(self) -> Mapping[str, Place]:
        """Name -> region."""


class Message(NamedTuple):
    """A message as a log has it."""

    sequence: int
    subject: str
    data: bytes


@dataclass
class Evidence:
    """Every region's every log, and every region's projection."""

    logs: dict[str, dict[str, Log]]
    registers: dict[str, Registers]

    def origin(self, name: str) -> Log:
        """An origin's own log."""
        return self.logs[name][name]

    def events(self, name: str) -> list[LoggedEvent]:
        """The events of an origin's own log."""
        return events_of(name, self.origin(name))

    def all_events(self) -> list[LoggedEvent]:
        """The events of all origin logs."""
        return [event for name in self.logs for event in self.events(name)]

    def operations(self, name: str) -> set[str]:
        """The ids of the operations in an origin's own log."""
        return {event.operation_id for event in self.events(name)}

    def target_urls(self) -> Counter[str]:
        """`target_url` -> how often all origin logs register it."""
        events = (logged.envelope.event for logged in self.all_events())
        return Counter(event.target_url for event in events if isinstance(event, WebhookCreated))


def events_of(name: str, log: Log) -> list[LoggedEvent]:
    """The events of a log of the origin `name`. The log's count of events must be right at each message."""
    events: list[LoggedEvent] = []
    for sequence, subject, data in log:
        message = decode_message(Region(name), Sequence(sequence), subject, data, counted=len(events))
        events += message.events
        assert message.mark.events == len(events), f"{name} counts {message.mark.events} events, and has {len(events)}"
    return events


async def read_log(nats_url: str, origin: str, *, connect: Connect = nats.connect) -> Log:
    """One log on one server, with a pull consumer."""
    client = await connect(nats_url)
    try:
        stream = client.jetstream()
        state = (await stream.stream_info(f"EVENTS_{origin}")).state
        subscription = await stream.pull_subscribe(
            "",
            stream=f"EVENTS_{origin}",
            config=ConsumerConfig(ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.ALL),
        )
        log: Log = []
        async with asyncio.timeout(READ_SECONDS_MAX):
            while len(log) < state.messages:
                # With several servers, the one that is asked may not know yet which of them has the consumer.
                with suppress(ServiceUnavailableError):
                    for message in await subscription.fetch(min(FETCHED, state.messages - len(log)), timeout=10):
                        log.append(Message(message.metadata.sequence.stream, message.subject, message.data))
        return log
    finally:
        await client.close()


async def last_sequence(nats_url: str, origin: str, *, connect: Connect = nats.connect) -> int:
    """The last sequence of a log on a server."""
    client = await connect(nats_url)
    try:
        return (await client.jetstream().stream_info(f"EVENTS_{origin}")).state.last_seq
    finally:
        await client.close()


async def watermarks(redis_url: str) -> dict[str, int]:
    """Origin -> the sequence up to which a projection has it."""
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        state = await hash_at(redis, "projection")
    return {
        field.removeprefix("mark:"): int(text.split(" ")[1])
        for field, text in state.items()
        if field.startswith("mark:")
    }


async def hash_at(redis: Redis, key: str) -> dict[str, str]:
    """A hash in Redis, as text."""
    return {str(field): str(value) for field, value in (await redis.hgetall(key)).items()}


async def read_registers(redis_url: str) -> Registers:
    """Every register in a projection. Records beside them are temporary, and regions do not share them."""
    found: Registers = {}
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        async for key in redis.scan_iter(count=1_000):
            if key != "projection" and not key.startswith("retries:"):
                found[key] = await hash_at(redis, key)
    return found


async def settled(demo: Places, *, within_seconds: float = 30, connect: Connect = nats.connect) -> Evidence:
    """All evidence, once every region has applied every log to its end."""
    regions = demo.regions
    async with asyncio.timeout(within_seconds):
        while True:
            ends = {name: await last_sequence(one.nats_url, name, connect=connect) for name, one in regions.items()}
            marks = [await watermarks(one.redis_url) for one in regions.values()]
            if all(mark.get(name, 0) == end for mark in marks for name, end in ends.items()):
                break
            await asyncio.sleep(0.05)
    logs = {
        here: {origin: await read_log(one.log_url(origin), origin, connect=connect) for origin in regions}
        for here, one in regions.items()
    }
    return Evidence(logs, {name: await read_registers(one.redis_url) for name, one in regions.items()})


def check(evidence: Evidence) -> None:
    """Check the promises that need no caller: contiguous, copied exactly, convergent, and equal to the logs."""
    for name in evidence.logs:
        origin = evidence.origin(name)
        assert [message.sequence for message in origin] == list(range(1, len(origin) + 1)), f"{name} has a gap"
        operations = Counter(event.operation_id for event in evidence.events(name))
        assert all(count == 1 for count in operations.values()), f"{name} has an event twice"
        for here, logs in evidence.logs.items():
            assert logs[name] == origin, f"{here}'s copy of {name} differs"
    expected = replay(evidence)
    for here, registers in evidence.registers.items():
        assert registers == expected, f"{here}'s projection is not what the logs say"


def replay(evidence: Evidence) -> Registers:
    """The registers that follow from the origin logs."""
    registers: Registers = {}
    for logged in evidence.all_events():
        merge(registers, writes_of(logged.envelope, logged.position))
    return registers


def check_told(evidence: Evidence, told: Iterable[Told]) -> dict[Any, int]:
    """Check that every response was true. Returns the number of each."""
    registered = evidence.target_urls()
    counts: Counter[Any] = Counter()
    for one in told:
        times = registered[one.target_url]
        match one.status:
            case 201:
                assert times == 1, f"{one} is {times} times in the logs"
            case 408 if one.state == "committed":
                assert times == 1, f"{one} is {times} times in the logs"
            case 503:
                assert times == 0, f"{one} was said not to be handed to the log and is in it"
            case 0 | 408:
                assert times <= 1, f"{one} is {times} times in the logs"
            case _:
                raise AssertionError(f"unexpected: {one}")
        counts[one.status if one.status != 408 else f"408 {one.state}"] += 1
    return dict(counts)

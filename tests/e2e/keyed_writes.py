"""Writes with idempotency keys that are repeated until they are accepted, and what became of them."""

import asyncio
import itertools
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.callers import NO_RESPONSE, OPERATION, ORGANIZATIONS, WEBHOOKS, Caller
from tests.e2e.evidence import Evidence

TIMEOUT_SECONDS = 5
_number = itertools.count()

STATUSES = {NO_RESPONSE, 201, 408, 503}
"""The documented ones. `NO_RESPONSE` is a connection that a process ended."""


@dataclass
class KeyedWrite:
    """A registration of a webhook with an idempotency key, and the statuses that its attempts got.

    `operation` is the id in its first 201, and `result` the webhook. `operations` has the ids in all responses.
    """

    number: int = field(default_factory=lambda: next(_number))
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    told: list[int] = field(default_factory=list)
    operation: str = ""
    operations: set[str] = field(default_factory=set)
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def organization(self) -> str:
        """The organization that registers it."""
        return ORGANIZATIONS[self.number % len(ORGANIZATIONS)]

    @property
    def target_url(self) -> str:
        """Where its webhook points."""
        return f"https://keyed.example.com/{self.number}"

    @property
    def is_accepted(self) -> bool:
        """Whether it got a 201."""
        return bool(self.result)

    async def attempt(self, caller: Caller, *, level: str = "local_region") -> int:
        """Send it once. Returns the status."""
        headers = caller.headers(
            self.organization, Required_Consistency=level, Required_Consistency_Timeout=str(TIMEOUT_SECONDS)
        )
        body = {"name": f"number {self.number}", "target_url": self.target_url}
        try:
            answer = await caller.client.post(WEBHOOKS, json=body, headers={**headers, "Idempotency-Key": self.key})
        except httpx.TransportError:
            self.told.append(NO_RESPONSE)
            return NO_RESPONSE
        self.told.append(answer.status_code)
        if answer.status_code in (201, 408):
            self.operations.add(answer.headers[OPERATION])
        if answer.status_code == 201:
            first = answer.headers[OPERATION], answer.json()["result"]
            assert not self.is_accepted or first == (self.operation, self.result), "a repeat got another response"
            self.operation, self.result = first
        assert answer.status_code in STATUSES, answer.text
        return answer.status_code

    async def insist(self, callers: Sequence[Caller]) -> None:
        """Send it to one service after the other until it is accepted."""
        while await self.attempt(random.choice(callers)) != 201:
            await asyncio.sleep(0.1)


@dataclass
class KeyedLoad:
    """Writers that begin a new write once the last one is accepted, until they are stopped."""

    writes: list[KeyedWrite] = field(default_factory=list)
    is_over: bool = False

    @property
    def accepted(self) -> list[KeyedWrite]:
        """The writes that got a 201."""
        return [write for write in self.writes if write.is_accepted]

    @property
    def told(self) -> Counter[int]:
        """Status -> how many attempts got it."""
        return Counter(status for write in self.writes for status in write.told)

    async def write(self, callers: Sequence[Caller]) -> None:
        """One writer's work."""
        while not self.is_over:
            write = KeyedWrite()
            self.writes.append(write)
            await write.insist(callers)
            await asyncio.sleep(0.05 * random.random())


@asynccontextmanager
async def under_keyed_load(callers: Sequence[Caller], *, writers: int = 12) -> AsyncIterator[KeyedLoad]:
    """A load on all of `callers`' services. At the end each write is accepted."""
    load = KeyedLoad()
    async with asyncio.TaskGroup() as group:
        for _ in range(writers):
            group.create_task(load.write(callers))
        try:
            yield load
        finally:
            load.is_over = True


def check_written(evidence: Evidence, writes: Sequence[KeyedWrite]) -> None:
    """Check that each write is in the logs once, under the operation that its 201 named and no other."""
    times, operations = evidence.target_urls(), {event.operation_id for event in evidence.all_events()}
    for write in writes:
        assert times[write.target_url] == 1, f"{write} is {times[write.target_url]} times in the logs"
        assert write.operations & operations == {write.operation}, f"{write} is in the logs under another operation"

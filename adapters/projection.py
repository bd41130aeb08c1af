"""A region's projection in Redis: reads it, applies events to it, and knows whether it is current (ADR 6)."""

import asyncio
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from redis.exceptions import RedisError

from adapters.apply_result import ApplyResult, result_of
from adapters.coalesced_reads import CoalescedReads
from adapters.errors import NotCurrent, Unavailable
from adapters.held_connections import HeldConnections
from adapters.projection_arguments import Call, Run, of_apply, of_read
from adapters.projection_state import (
    Contradiction,
    Had,
    State,
    line_of_contradiction,
    lines_of_known,
    lines_of_required,
    state_from,
    vector_from,
)
from adapters.redis_calls import RedisCalls, in_words
from adapters.redis_pool import Pool, make_pool
from adapters.scripts import Script
from adapters.server_patches import Server
from adapters.watermark_channel import WatermarkSubscription, channel_of
from core.certificates import Certificate
from core.positions import Mark, Region
from core.positions import Sequence as EventSequence
from core.registers import Fields, Query
from core.stamps import NEVER, Clock, parse

STATE_KEY = "projection"
CALLS_AT_ONCE_MAX = 32
READS_TOGETHER_MAX = 64
"""The most queries of one call. Its bytes are bounded too. Redis does nothing else meanwhile: about a millisecond."""

SIGN_OF_LIFE_SECONDS = 1.0

_WHY_NOT_BEGUN = {
    "replica": "this Redis is a replica, which is never current: name its master, or promote it",
    "newer": "a newer version wrote this projection: run that version, or empty this Redis with FLUSHALL",
}


class View(NamedTuple):
    """Registers and their vector, read in one step. Several views can share a vector.

    `counted` is the number of fields of the key that the query counts. `records` are the values that the query
    looks for in buckets, and `records_count` is the number of records in these buckets.
    """

    vector: Mapping[Region, Mark]
    clock: Clock
    registers: dict[str, Fields]
    counted: int = 0
    records: tuple[str, ...] = ()
    records_count: int = 0
    incarnation: str = ""


class Projection:
    """The registers and watermarks in one Redis. `subscription` receives the watermarks that it publishes."""

    def __init__(self, pool: Pool, region: Region) -> None:
        self._pool = pool
        self._channel = channel_of(region)
        self.subscription = WatermarkSubscription(pool, region)
        self._calls = RedisCalls(CALLS_AT_ONCE_MAX, pool.redial)
        connections = HeldConnections(pool)
        self._apply = Script(connections, "apply", self._calls)
        self._read = Script(connections, "read", self._calls)
        self._coalesced = CoalescedReads(self._read_together, queries_max=READS_TOGETHER_MAX)
        self._observe = Script(connections, "observe", self._calls)
        self._begin = Script(connections, "begin", self._calls)
        self._require = Script(connections, "require", self._calls)
        self._sign_of_life = Script(connections, "sign_of_life", self._calls)
        self._remember = Script(connections, "remember", self._calls)

    @property
    def unanswered(self) -> str:
        """Why Redis did not answer the last call; `""` if it did, even with an error."""
        return self._calls.unanswered

    @property
    def server(self) -> Server | None:
        """The server that the newest connection leads to; None before the first."""
        return self._pool.server

    @property
    def certificate(self) -> Certificate | None:
        """The certificate that Redis has shown last; None without TLS."""
        return self._pool.certificate

    @property
    def refused(self) -> str:
        """Why Redis answers but refuses calls; `""` unless it is known to."""
        return self._calls.refused

    async def use(self, url: str, *, tls: ssl.SSLContext | None) -> None:
        """Log in with the login of `url` and these TLS settings from now on. Calls in flight end as they are.

        Raises `Unavailable`, and changes nothing, if Redis does not accept them.
        """
        try:
            await self._pool.use(url, tls=tls)
        except (RedisError, OSError) as error:
            raise Unavailable(f"Redis: {in_words(error)}") from error

    async def keep_asking(self, *, to_write: bool) -> None:
        """Call Redis every `SIGN_OF_LIFE_SECONDS`, until cancelled.

        This keeps `unanswered` and `refused` fresh without other calls. `to_write` also tries a write, for a process
        that writes. If Redis has become a replica, all connections are dialled anew.
        """
        while True:
            with suppress(Unavailable):
                await self._ask(to_write=to_write)
            await asyncio.sleep(SIGN_OF_LIFE_SECONDS)

    async def _ask(self, *, to_write: bool) -> None:
        role = await self._sign_of_life([STATE_KEY], ["write" if to_write else ""])
        self._calls.accepted()
        if role != "master":
            await self._pool.redial()

    async def read(self, query: Query) -> View:
        """The answer to `query`. Raises `NotCurrent`, `Unavailable`.

        Queries at the same moment share a call. A query that may read much has a call of its own.
        """
        if query.some or query.page is not None:
            (view,) = await self._read_all([query], goes_first=False)
            return view
        return await self._coalesced(query)

    async def _read_together(self, queries: Sequence[Query]) -> list[View]:
        """As `_read_all`. Many requests wait for this one call, so it does not wait behind calls for one request."""
        return await self._read_all(queries, goes_first=True)

    async def _read_all(self, queries: Sequence[Query], *, goes_first: bool) -> list[View]:
        """The answers to the first of `queries`: at least one, and as many as fit into one call."""
        keys, arguments = of_read(queries)
        is_current, *found = await self._read([STATE_KEY, *keys], arguments, goes_first=goes_first)
        if not is_current:
            raise NotCurrent("projection is being rebuilt")
        state = _pairs(found[0])
        vector, clock = vector_from(state), parse(state["clock"]) if "clock" in state else NEVER
        return [
            View(
                vector=vector,
                clock=clock,
                registers={key: _pairs(fields) for key, fields in registers},
                counted=counted,
                records=tuple(records),
                records_count=records_count,
                incarnation=state["incarnation"],
            )
            for counted, records_count, records, *registers in found[1:]
        ]

    async def close(self) -> None:
        """End the read that is under way."""
        await self._coalesced.close()

    async def apply(self, run: Run) -> ApplyResult:
        """Write the registers of `run` and the new watermark if `run` is the next one. Raises `Unavailable`.

        The script publishes the watermark last. Redis may refuse that: the run is applied even so.
        """
        return result_of(await self._apply(*self._call(run)))

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[Callable[[Sequence[Run]], Awaitable[ApplyResult]]]:
        """As `apply`, for several runs: a run may be sent before Redis has answered those before it.

        The callable sends runs, and returns the result of the first run that has none yet. A run whose predecessor was
        not applied is not applied either. After an error no result of the others follows. Call `apply` first: only that
        finds a new connection, and loads the script.
        """
        async with self._apply.pipeline() as exchange:

            async def apply(runs: Sequence[Run]) -> ApplyResult:
                return result_of(await exchange([self._call(run) for run in runs]))

            yield apply

    def _call(self, run: Run) -> Call:
        keys, arguments = of_apply(run, channel=self._channel)
        return Call([STATE_KEY, *keys], arguments)

    async def observe(self, *, stops_at: Mapping[Region, EventSequence] | None = None) -> State:
        """The projection's state, declared current if it has just become so. Raises `Unavailable`.

        An origin in `stops_at` cannot be applied beyond that sequence, so that sequence is enough.
        """
        arguments = [str(part) for place in (stops_at or {}).items() for part in place]
        incarnation, is_current, is_required_known, pairs = await self._observe([STATE_KEY], arguments)
        return state_from(
            incarnation, _pairs(pairs), is_current=bool(is_current), is_required_known=bool(is_required_known)
        )

    async def begin(self, *, history: int = 0) -> str:
        """The incarnation of the data in this Redis; data without one gets one now. Raises `Unavailable`.

        Data in an older format than this version's is dropped first. The incarnation is of `history` or a later one.
        """
        return await self._begun(useless="", history=history)

    async def rebuild(self, incarnation: str) -> str:
        """Drop everything that was applied in `incarnation`, and start anew. Returns the new incarnation.

        This is for data of another history of a log: every process also forgets what the region had of it.
        It does nothing if another incarnation has followed meanwhile. Raises `Unavailable`.
        """
        return await self._begun(useless=incarnation, history=0)

    async def _begun(self, *, useless: str, history: int) -> str:
        now = str(time.time_ns() // 1_000_000)
        incarnation, why_not = await self._begin([STATE_KEY], [secrets.token_hex(8), useless, now, str(history)])
        if why_not:
            raise Unavailable(_WHY_NOT_BEGUN[why_not])
        return str(incarnation)

    async def require(self, incarnation: str, ends: Mapping[Region, Mark]) -> None:
        """Require `incarnation` to reach `ends`, read after it began, to be current. Raises `Unavailable`."""
        await self._require([STATE_KEY], [incarnation, lines_of_required(ends)])

    async def remember(
        self, incarnation: str, known: Mapping[Region, Had], contradicted: Contradiction | None = None
    ) -> None:
        """Require the projection to reach what the region is known to have had, in this and all later incarnations.

        If `incarnation` was current and lacks some of it, it ends at once, and no process considers it current.
        Raises `Unavailable`.
        """
        nonce, lines = secrets.token_hex(8), lines_of_known(known)
        await self._remember([STATE_KEY], [incarnation, nonce, lines, line_of_contradiction(contradicted)])


@asynccontextmanager
async def open_projection(url: str, *, region: Region, tls: ssl.SSLContext | None = None) -> AsyncIterator[Projection]:
    """The projection of `region` in the Redis at `url`, with these TLS settings. It connects at its first use."""
    pool = make_pool(url, tls=tls)
    projection = Projection(pool, region)
    try:
        yield projection
    finally:
        await projection.close()
        await pool.disconnect()


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))

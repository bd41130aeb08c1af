"""Connections to one Redis that are kept between calls.

A call of redis-py (8.1) takes longer than Redis does. Its pool looks at each connection that is taken, and its
asynchronous connections join a command in Python, and send it in a task for the sake of a time-out. Here a connection
is the pool's, with all that it does when it connects. It is taken from a list, hiredis joins the command, and one timer
serves a call.
"""

import asyncio
from typing import Any

import hiredis
from redis.asyncio import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from adapters.redis_pool import CALL_TIMEOUT_SECONDS, Pool

Command = tuple[str | bytes, ...]


class HeldConnections:
    """As many connections of `pool` as there were calls at once. Each call has one for itself."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._pools_timeout = pool.connection_kwargs["socket_timeout"]
        self._idle: list[Connection] = []

    async def execute(self, *command: str | bytes) -> Any:  # noqa: ANN401 - Redis's own
        """The answer to `command`. Raises `RedisError`, `OSError`.

        A restart of Redis leaves dead connections. So a command on a connection that was used before is sent once more,
        on a new one: it must not matter whether it is executed twice. A machine that vanishes leaves silent ones. So
        one time-out replaces every idle connection, or each of them would cost a call its time-out.
        """
        held = await self._take()
        if held is not None:
            try:
                return await self._execute(held, command)
            except RedisConnectionError:
                await self._drop_idle()
            except RedisTimeoutError:
                await self._drop_idle()
                raise
        return await self._execute(await self._connect(), command)

    def pipeline(self) -> "Pipeline":
        """A pipeline on a connection that it takes at its first use."""
        return Pipeline(self)

    async def take(self) -> Connection:
        """A connection that is idle, or a new one. `give_back` ends its use."""
        return await self._take() or await self._connect()

    async def give_back(self, connection: Connection, *, is_answered: bool) -> None:
        """Keep `connection` only if all its answers were read, or the next call would read the others."""
        if is_answered:
            self._idle.append(connection)
        else:
            await self._drop(connection)

    async def _connect(self) -> Connection:
        connection: Connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        return connection

    async def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected and not connection.should_reconnect():  # type: ignore[no-untyped-call]
                return connection
            await self._drop(connection)
        return None

    async def _execute(self, connection: Connection, command: Command) -> Any:  # noqa: ANN401 - as above
        pipeline = Pipeline(self, connection)
        try:
            return await pipeline.exchange(command)
        finally:
            await pipeline.close()

    async def _drop(self, connection: Connection) -> None:
        await connection.disconnect(nowait=True)
        connection.socket_timeout = self._pools_timeout
        await self._pool.release(connection)

    async def _drop_idle(self) -> None:
        """Close every idle connection: if one is dead, the others are as old or older."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await self._drop(connection)


class Pipeline:
    """Commands on one connection of `connections`. Redis executes them in the order in which they were sent.

    A command may be sent before those before it are answered.
    """

    def __init__(self, connections: HeldConnections, connection: Connection | None = None) -> None:
        self._connections = connections
        self._connection = connection
        self._unanswered = 0

    async def exchange(self, *commands: Command) -> Any:  # noqa: ANN401 - Redis's own
        """Send `commands`, and return the answer to the first command that is without one.

        Raises `RedisError`, `OSError`.
        """
        if self._connection is None:
            self._connection = await self._connections.take()
        connection = self._connection
        connection.socket_timeout = None
        try:
            async with asyncio.timeout(CALL_TIMEOUT_SECONDS):
                packed = [hiredis.pack_command(command) for command in commands]  # type: ignore[arg-type] # Its stub has a tuple of one argument.
                self._unanswered += len(packed)
                await connection.send_packed_command(packed, check_health=False)
                answer = await connection.read_response()
        except ResponseError:
            self._unanswered -= 1
            raise
        except TimeoutError:
            raise RedisTimeoutError(f"no answer within {CALL_TIMEOUT_SECONDS:g} s") from None
        self._unanswered -= 1
        return answer

    async def close(self) -> None:
        """End the use of the connection. What was sent may still be executed."""
        if self._connection is not None:
            await self._connections.give_back(self._connection, is_answered=self._unanswered == 0)

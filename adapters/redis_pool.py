"""The connections to one Redis. Each is checked when it is made; all are dialled anew if Redis refuses writes."""

import ssl
from collections.abc import Mapping
from time import monotonic
from typing import Any

from redis.asyncio import Connection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from adapters.redis_address import Access, access_of, options_of
from adapters.server_patches import Server, server_in
from core.certificates import Certificate

CALL_TIMEOUT_SECONDS = 2.0
REDIAL_SECONDS = 0.5
"""The shortest time between two times that all connections are dialled anew."""

CLUSTER = "this Redis is a cluster"
REPLICA = "this Redis is a replica"
WHAT_TO_DO = {
    CLUSTER: "give crosshook a Redis that has cluster-enabled no",
    REPLICA: "name its master, or promote it",
}


class Unsuitable(RedisConnectionError):
    """Redis answers but is of a kind that cannot hold a projection. The message is for an operator."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: {WHAT_TO_DO[what]}")


class Pool(ConnectionPool):
    """Connections that can all be dialled anew: an address may lead to another server by now.

    `server` is what the newest connection leads to; None before the first.
    """

    def __init__(self, *, shared: Access, **options: Any) -> None:  # noqa: ANN401 - redis-py's own
        super().__init__(**options)
        self.shared = shared
        self._redialled_at = float("-inf")
        self.server: Server | None = None

    async def greet(self, connection: Connection) -> None:
        """Log in, and refuse a Redis that cannot hold a projection. Raises `Unsuitable`."""
        await connection.on_connect()
        info = await _info(connection)
        self.server = server_in(info)
        if info.get("cluster_enabled") == "1":
            raise Unsuitable(CLUSTER)
        if info.get("role") == "slave":
            raise Unsuitable(REPLICA)

    async def redial(self) -> None:
        """Close the idle connections now, and each other one as soon as its call has ended."""
        if monotonic() < self._redialled_at + REDIAL_SECONDS:
            return
        await self._redial()

    async def use(self, url: str, *, tls: ssl.SSLContext | None) -> None:
        """Replace all connections by ones with the login of `url` and these TLS settings.

        Nothing happens if nothing differs. Raises `RedisError` or `OSError`, and changes nothing, if Redis does not
        accept them.
        """
        if self.shared.is_like(access_of(url, tls=tls)):
            return
        tried = make_pool(url, tls=tls)
        if tried.shared.is_login != self.shared.is_login:
            raise RedisConnectionError("a login can be changed, but not added or removed, while the process runs")
        try:
            await tried.release(await tried.get_connection())  # type: ignore[no-untyped-call]
        finally:
            await tried.disconnect()
        self.shared.become(tried.shared)
        await self._redial()

    @property
    def certificate(self) -> Certificate | None:
        """The certificate that Redis has shown last; None without TLS."""
        return self.shared.certificate

    async def _redial(self) -> None:
        self._redialled_at = monotonic()
        async with self._lock:
            for connection in self._available_connections:
                await connection.disconnect(nowait=True)
            for connection in self._in_use_connections:
                connection.mark_for_reconnect()  # type: ignore[no-untyped-call]


def make_pool(url: str, *, tls: ssl.SSLContext | None = None) -> Pool:
    """The connections to the Redis at `url`, each made at its first use.

    `tls` is for a `rediss://` address without `ssl_` options. None trusts the system's authorities.
    """
    options: dict[str, Any] = {
        "decode_responses": True,
        "socket_timeout": CALL_TIMEOUT_SECONDS,
        "socket_connect_timeout": CALL_TIMEOUT_SECONDS,
        # Our Redis users may neither name the client's library nor ask for notices of maintenance, as RESP3 would.
        "driver_info": None,
        "protocol": 2,
        # One more try on a new connection, because a restart of Redis leaves dead ones.
        "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    }
    access = access_of(url, tls=tls)
    pool = Pool(shared=access, **options | options_of(url, access))
    pool.connection_kwargs["redis_connect_func"] = pool.greet
    return pool


async def _info(connection: Connection) -> Mapping[str, str]:
    """Redis's `INFO`, by name."""
    await connection.send_command("INFO")
    answer: Any = await connection.read_response()
    text = answer.decode() if isinstance(answer, bytes) else str(answer)
    lines = (line.partition(":") for line in text.splitlines())
    return {name: value for name, _, value in lines}

"""A connection to one region's NATS that is dialled again and again, one session after the other.

A session is one client object over one TCP connection. When that is lost the session ends, with all
that was asked on it; nothing published on it is sent again by somebody else later (ADR 4).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from adapters.errors import Unavailable

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 1.0
PING_INTERVAL_SECONDS = 1
PINGS_OUTSTANDING_MAX = 2
REDIAL_SECONDS = 0.25
LIVENESS_POLL_SECONDS = 0.25
CLOSE_SECONDS = 2.0


class Session:
    """One client over one TCP connection, until it is lost."""

    def __init__(self, name: str) -> None:
        self._client = Client()
        self._name = name
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.last_error = ""

    @property
    def is_lost(self) -> bool:
        """Whether the session has ended."""
        return self._lost.done()

    async def dial(self, servers: list[str]) -> None:
        """Connect to one of `servers`, trying as long as none listens. Raises `Unavailable` if one listens badly."""
        try:
            await self._client.connect(
                servers=servers,
                name=self._name,
                allow_reconnect=False,
                max_reconnect_attempts=-1,
                reconnect_time_wait=REDIAL_SECONDS,  # type: ignore[arg-type]
                connect_timeout=CONNECT_TIMEOUT_SECONDS,  # type: ignore[arg-type]
                ping_interval=PING_INTERVAL_SECONDS,
                max_outstanding_pings=PINGS_OUTSTANDING_MAX,
                error_cb=self._on_error,
                disconnected_cb=self._on_disconnected,
            )
        except (OSError, nats.errors.Error) as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error

    def on_lost(self, wake: Callable[[], None]) -> None:
        """Have `wake` called when the session ends."""
        self._lost.add_done_callback(lambda _: wake())

    async def wait_lost(self) -> None:
        """Return once the session has ended.

        The client's own callbacks can be late (it first waits until a dead socket has taken the last bytes),
        so its state is looked at as well.
        """
        while not self._lost.done():
            if not self._client.is_connected:
                self._lost.set_result(None)
                return
            await asyncio.wait({self._lost}, timeout=LIVENESS_POLL_SECONDS)

    async def request(self, subject: str, payload: bytes, *, timeout_seconds: float) -> Msg:
        """One answer to one request. Raises `Unavailable`."""
        return await self.run(self._client.request(subject, payload, timeout=timeout_seconds), timeout_seconds)

    async def publish(self, subject: str, payload: bytes, *, reply: str = "") -> None:
        """Hand a message to the connection, with no word on whether it arrives. Raises `Unavailable`."""
        if self.is_lost:
            raise Unavailable("the connection is lost")
        try:
            await self._client.publish(subject, payload, reply=reply)
        except (OSError, nats.errors.Error) as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error

    async def subscribe(self, subject: str, on_message: Callable[[Msg], Awaitable[None]]) -> Subscription:
        """Hear `subject`, without a limit on what is pending: the sender is held back by flow control, or slow."""
        if self.is_lost:
            raise Unavailable("the connection is lost")
        try:
            return await self._client.subscribe(subject, cb=on_message, pending_msgs_limit=0, pending_bytes_limit=0)
        except (OSError, nats.errors.Error) as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error

    async def unsubscribe(self, subscription: Subscription) -> None:
        """Hear no more, if the session still lives."""
        if not self.is_lost:
            with suppress(OSError, nats.errors.Error):
                await subscription.unsubscribe()

    def inbox(self) -> str:
        """A subject of one's own."""
        return self._client.new_inbox()

    @property
    def client(self) -> Client:
        """The client, for what `run` is given."""
        return self._client

    async def run(self, work: Coroutine[Any, Any, T], timeout_seconds: float) -> T:
        """The result of `work`, or `Unavailable` as soon as the session is lost or the time is over."""
        task = asyncio.ensure_future(work)
        try:
            waited: set[asyncio.Future[Any]] = {task, self._lost}
            await asyncio.wait(waited, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        except (OSError, nats.errors.Error) as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error
        finally:
            task.cancel()
        raise Unavailable("the connection is lost" if self.is_lost else f"no answer within {timeout_seconds:g} s")

    async def close(self) -> None:
        """End the session, within a bound."""
        if not self._lost.done():
            self._lost.set_result(None)
        with suppress(TimeoutError, OSError, nats.errors.Error):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._client.close()

    async def _on_error(self, error: Exception) -> None:
        self.last_error = f"{type(error).__name__}: {error}"
        if isinstance(error, nats.errors.UnexpectedEOF):
            await self._on_disconnected()

    async def _on_disconnected(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)


class Connection:
    """Where to find the present session."""

    def __init__(self, servers: list[str], *, name: str, on_change: Callable[[str | None], None] | None = None) -> None:
        self._servers = servers
        self._name = name
        self._on_change = on_change or (lambda _why_not: None)
        self._session: Session | None = None
        self._available = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether there is a session, as far as is known."""
        return self._session is not None and not self._session.is_lost

    @property
    def current(self) -> Session:
        """The present session, or `Unavailable`."""
        if self._session is None or self._session.is_lost:
            raise Unavailable("not connected")
        return self._session

    async def session(self) -> Session:
        """The present session, or the next one."""
        while not self.is_connected:
            self._available.clear()
            await self._available.wait()
        return self.current

    async def keep(self) -> None:
        """Dial, and dial again whenever the session is lost, until cancelled."""
        while True:
            session = Session(self._name)
            try:
                await session.dial(self._servers)
                self._session = session
                self._available.set()
                self._on_change(None)
                await session.wait_lost()
                self._on_change(session.last_error)
            except Unavailable as error:
                self._on_change(str(error))
            finally:
                self._session = None
                closing = asyncio.create_task(session.close())
            await asyncio.sleep(REDIAL_SECONDS)
            del closing


@asynccontextmanager
async def open_connection(
    servers: list[str], *, name: str, on_change: Callable[[str | None], None] | None = None
) -> AsyncIterator[Connection]:
    """A connection that is kept in the background while the context is open.

    `on_change` is called on every change and failed attempt: with None where there is a session now, else with
    why there is none.
    """
    connection = Connection(servers, name=name, on_change=on_change)
    keeper = asyncio.create_task(connection.keep(), name=f"connection {name}")
    try:
        yield connection
    finally:
        session = connection._session  # noqa: SLF001 - the same module's own
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
        if session is not None:
            await session.close()

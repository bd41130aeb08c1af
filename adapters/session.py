"""A session: one client object over one TCP connection, until it is lost (ADR 4)."""

import asyncio
import math
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any, TypeVar

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from adapters.addresses import Tls, taken_apart, tls_options
from adapters.dialling import Dialler
from adapters.errors import Unavailable
from adapters.greeting import bytes_max_at
from adapters.nats_transport import DialledTransport
from adapters.server_needs import complaint_about
from core.subjects import deliveries_to

T = TypeVar("T")

log = structlog.get_logger()

CONNECT_TIMEOUT_SECONDS = 1.0
"""How long each step of dialling may take: the connection itself, the server's greeting, TLS, the first pong."""

DIAL_SECONDS_MAX = 4 * CONNECT_TIMEOUT_SECONDS
PING_INTERVAL_SECONDS = 1
PINGS_OUTSTANDING_MAX = 2
REDIAL_SECONDS = 0.25
LIVENESS_POLL_SECONDS = 0.25
CLOSE_SECONDS = 2.0

GREETING_SECONDS = 5.0
"""How often a server may be asked for its limit, however many events exceed it. A halt is looked at as often."""

UNSERVED_SECONDS_MAX = 15.0
"""How long all that is asked of a server may be in vain before the region is dialled anew. In an election, of up to
9 s, that is so of every server. One address may be a balancer's, behind which are several; and a server that is alone
and in trouble is dialled so seldom that it is no matter to it. What is in flight then ends as with any session (ADR 4).
"""


class Session:
    """One client over one TCP connection, until it is lost, or of no use for `UNSERVED_SECONDS_MAX`."""

    def __init__(self, name: str, *, tls: Tls | None = None) -> None:
        self._client = Client()
        self._name = name
        self._tls = tls
        self._user = ""
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_error = ""
        self._unserved_since = math.inf
        self._transport: DialledTransport | None = None
        self._greeted_at = monotonic()

    @property
    def is_lost(self) -> bool:
        """Whether the session has ended."""
        return self._lost.done()

    @property
    def why_lost(self) -> str:
        """Why the session ended, as far as the client has said."""
        if not self._last_error and self._client.last_error is not None:
            return in_words(self._client.last_error)
        return self._last_error or "the connection was lost"

    async def dial(self, server: str, dialler: Dialler) -> None:
        """Connect to `server` by its `dialler`, in one try of at most `DIAL_SECONDS_MAX`. Raises `Unavailable`.

        The client by itself would try a server that does not listen again and again: its first error ends it.
        """
        address, self._user, password = taken_apart(server)
        # The client makes a transport where it has none. One that ignored this would dial by itself.
        self._client._transport = self._transport = DialledTransport(dialler)  # noqa: SLF001 - no other way leads there
        connecting = asyncio.ensure_future(
            self._client.connect(
                servers=[address],
                user=self._user or None,
                password=password or None,
                name=self._name,
                **tls_options(address, self._tls),
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=REDIAL_SECONDS,  # type: ignore[arg-type]
                connect_timeout=CONNECT_TIMEOUT_SECONDS,  # type: ignore[arg-type]
                ping_interval=PING_INTERVAL_SECONDS,
                max_outstanding_pings=PINGS_OUTSTANDING_MAX,
                error_cb=self._on_error,
                disconnected_cb=self._on_disconnected,
            )
        )
        connecting.add_done_callback(_retrieve)
        try:
            tried: set[asyncio.Future[None]] = {connecting, self._failed}
            await asyncio.wait(tried, timeout=DIAL_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                connecting.result()
                self._check_server()
                return
        except Unavailable:
            raise
        except Exception as error:  # The client lets through whatever a server can make it meet.
            raise Unavailable(in_words(error)) from error
        finally:
            connecting.cancel()
        raise Unavailable(self._last_error or f"no connection within {DIAL_SECONDS_MAX:g} s")

    def _check_server(self) -> None:
        """Raise `Unavailable` if the server that has just greeted lacks what is needed: nothing is asked of it then."""
        # The client gives the version's text only in its `repr`; its numbers fail on what is no semantic version.
        version = repr(self._client.connected_server_version).removeprefix("<nats server v").removesuffix(">")
        if complaint := complaint_about(version):
            raise Unavailable(complaint)

    def on_lost(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called when the session ends, unless what is returned is called before."""

        def ended(_: asyncio.Future[None]) -> None:
            wake()

        def forget() -> None:
            self._lost.remove_done_callback(ended)

        self._lost.add_done_callback(ended)
        return forget

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

    def served(self) -> None:
        """Somebody who knows has answered a request, or taken an event."""
        self._unserved_since = math.inf

    def unserved(self) -> None:
        """A request was in vain, though the connection lives. When all are, for too long, the session ends."""
        now = monotonic()
        self._unserved_since = min(self._unserved_since, now)
        if now > self._unserved_since + UNSERVED_SECONDS_MAX and not self.is_lost:
            self._last_error = f"no request was of use for {UNSERVED_SECONDS_MAX:g} s"
            self._lost.set_result(None)

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
            raise Unavailable(in_words(error)) from error

    async def subscribe(self, subject: str, on_message: Callable[[Msg], Awaitable[None]]) -> Subscription:
        """Hear `subject`, without a limit on what is pending: the sender is held back by flow control, or slow.

        What `on_message` raises is logged, once for each kind of error; the next message comes all the same.
        """
        if self.is_lost:
            raise Unavailable("the connection is lost")
        told: set[type[Exception]] = set()

        async def heard(message: Msg) -> None:
            try:
                await on_message(message)
            except Exception as error:
                if type(error) not in told:
                    told.add(type(error))
                    log.exception("a message could not be taken", subject=message.subject, subscription=subject)

        try:
            return await self._client.subscribe(subject, cb=heard, pending_msgs_limit=0, pending_bytes_limit=0)
        except (OSError, nats.errors.Error) as error:
            raise Unavailable(in_words(error)) from error

    async def unsubscribe(self, subscription: Subscription) -> None:
        """Hear no more, if the session still lives."""
        if not self.is_lost:
            with suppress(OSError, nats.errors.Error):
                await subscription.unsubscribe()

    def new_delivery_subject(self) -> str:
        """A subject of one's own, on which events can be delivered. Nobody else could guess it."""
        return f"{deliveries_to(self._user)}.{uuid.uuid4().hex}"

    @property
    def bytes_max(self) -> int:
        """What the server last said that a message may have, its headers included."""
        return self._client.max_payload

    async def look_at_bytes_max(self) -> int:
        """As `bytes_max`, after asking again: a server whose limit is changed by a reload does not tell its clients.

        One that has lowered it ends the session at the first message that is too large. Of one that has raised it
        nothing is heard, and an event would be refused for ever.
        """
        if (
            self._transport is not None
            and self._transport.address is not None
            and monotonic() >= self._greeted_at + GREETING_SECONDS
        ):
            self._greeted_at = monotonic()
            asked = await bytes_max_at(self._transport.address, timeout_seconds=CONNECT_TIMEOUT_SECONDS)
            self._client._max_payload = asked or self.bytes_max  # noqa: SLF001 - the client looks at it, too
        return self.bytes_max

    @property
    def client(self) -> Client:
        """The client, for what `run` is given."""
        return self._client

    async def run(self, work: Coroutine[Any, Any, T], timeout_seconds: float) -> T:
        """The result of `work`, or `Unavailable` as soon as the session is lost or the time is over."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(_retrieve)
        try:
            waited: set[asyncio.Future[Any]] = {task, self._lost}
            await asyncio.wait(waited, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        except (OSError, nats.errors.Error) as error:
            raise Unavailable(in_words(error)) from error
        finally:
            task.cancel()
        raise Unavailable("the connection is lost" if self.is_lost else f"no answer within {timeout_seconds:g} s")

    async def close(self) -> None:
        """End the session, within a bound. Never fails: the server may be gone, and the client be in any state."""
        if not self._lost.done():
            self._lost.set_result(None)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._client.close()
        except Exception as error:  # noqa: BLE001 - nothing is left to be done about it
            log.debug("a session did not close in order", name=self._name, why=in_words(error))

    async def _on_error(self, error: Exception) -> None:
        self._last_error = in_words(error)
        if "permissions violation" in self._last_error:
            log.error("not permitted", name=self._name, why=self._last_error)
        if not self._failed.done():
            self._failed.set_result(None)
        if isinstance(error, nats.errors.UnexpectedEOF):
            await self._on_disconnected()

    async def _on_disconnected(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)


def in_words(error: Exception) -> str:
    """What went wrong, by its kind and, where it says more, its text."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _retrieve(task: asyncio.Future[Any]) -> None:
    """Look at what became of a task that was perhaps given up, or asyncio complains that nobody did."""
    if not task.cancelled():
        task.exception()

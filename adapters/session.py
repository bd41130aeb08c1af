"""A session: one client object over one TCP connection, until it is lost (ADR 4)."""

import asyncio
import math
import uuid
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from adapters.addresses import Tls, taken_apart, tls_options
from adapters.dialling import Dialler
from adapters.direct_client import DirectClient, logging_errors
from adapters.errors import NotTaken, Unavailable, in_words
from adapters.greeting import SizeLimit
from adapters.liveness import PONG_SECONDS, Liveness
from adapters.nats_transport import DialledTransport
from adapters.requests import Requests, has_no_responder
from adapters.server_needs import complaint_about
from adapters.server_patches import Kind, Server, version_in
from core.certificates import Certificate
from core.subjects import deliveries_to

log = structlog.get_logger()

CONNECT_TIMEOUT_SECONDS = 1.0
"""How long each step of dialling may take: connection, greeting, TLS, first pong."""

DIAL_SECONDS_MAX = 4 * CONNECT_TIMEOUT_SECONDS
NO_PINGS_SECONDS = 1_000_000
"""The client's own interval between pings: `Liveness` sends them, and only to a silent server."""

REDIAL_SECONDS = 0.25
CLOSE_SECONDS = 2.0

UNSERVED_SECONDS_MAX = 15.0
"""How long every request to a server may fail before the region is dialled anew.

An election takes up to 9 s, and all servers fail meanwhile. One address may be a balancer's with several servers behind
it. For a single server in trouble this is seldom enough. Requests in flight end as with any session (ADR 4).
"""


class Session:
    """One client over one TCP connection, until it is lost, or every request fails for `UNSERVED_SECONDS_MAX`."""

    def __init__(self, name: str, *, tls: Tls | None = None) -> None:
        self._client = DirectClient()
        self._requests = Requests(self._client)
        self._name = name
        self._tls = tls
        self._user = ""
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._replaced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_error = ""
        self._not_permitted = ""
        self._unserved_since = math.inf
        self._transport: DialledTransport | None = None
        self._limit = SizeLimit(self._client)
        self.server: Server | None = None
        """The server at the other end; None before it is dialled."""
        self._lost.add_done_callback(lambda _: self._requests.end())

    @property
    def is_lost(self) -> bool:
        """Whether the session has ended."""
        return self._lost.done()

    @property
    def why_lost(self) -> str:
        """Why the session ended, if the client has reported it."""
        if not self._last_error and self._client.last_error is not None:
            return in_words(self._client.last_error)
        return self._last_error or "the connection was lost"

    async def dial(self, server: str, dialler: Dialler) -> None:
        """Connect to `server` with `dialler`, in one attempt of at most `DIAL_SECONDS_MAX`. Raises `Unavailable`.

        The client would retry a server that does not listen without end, so its first error ends the attempt.
        """
        address, self._user, password = taken_apart(server)
        # The client makes its own transport only if it has none.
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
                ping_interval=NO_PINGS_SECONDS,
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
                await self._requests.open()
                return
        except Unavailable:
            raise
        except Exception as error:  # The client does not translate every error that a server can cause.
            raise Unavailable(in_words(error)) from error
        finally:
            connecting.cancel()
        raise Unavailable(self._last_error or f"no connection within {DIAL_SECONDS_MAX:g} s")

    def _check_server(self) -> None:
        """Raise `Unavailable` if the server's version is too old, before any request."""
        # The client has the version's text only in its `repr`. Its numbers fail on other text than semantic versions.
        text = repr(self._client.connected_server_version).removeprefix("<nats server v").removesuffix(">")
        if complaint := complaint_about(text):
            raise Unavailable(complaint)
        version = version_in(text)
        self.server = None if version is None else Server(Kind.NATS, version)

    @property
    def certificate(self) -> Certificate | None:
        """The certificate that the server has shown; None without TLS."""
        return None if self._transport is None else self._transport.certificate

    @property
    def is_replaced(self) -> bool:
        """Whether another session took the place of this one, which lives on until its requests are answered."""
        return self._replaced.done()

    def replace(self) -> None:
        """Note that another session has taken its place."""
        if not self._replaced.done():
            self._replaced.set_result(None)

    def on_end(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` when the session is replaced, and when it is lost. The returned function undoes that."""

        def ended(_: asyncio.Future[None]) -> None:
            wake()

        def forget() -> None:
            self._lost.remove_done_callback(ended)
            self._replaced.remove_done_callback(ended)

        self._lost.add_done_callback(ended)
        self._replaced.add_done_callback(ended)
        return forget

    async def watch(self) -> None:
        """Return once the session is replaced, or has ended, also if its server is silent.

        The client's callbacks can be late: it first waits until a dead socket has taken the last bytes. So this also
        polls the client's state.
        """
        liveness = Liveness(self._client)
        try:
            while not (self.is_lost or self.is_replaced):
                liveness.look()
                if liveness.is_silent:
                    self._last_error = f"no answer to a ping within {PONG_SECONDS} s"
                if liveness.is_silent or not self._client.is_connected:
                    self._end()
                    return
                await liveness.pause(self._lost, self._replaced)
        finally:
            await liveness.end()

    async def wait_replaced(self) -> None:
        """Return once the session is replaced or lost."""
        await asyncio.wait({self._lost, self._replaced}, return_when=asyncio.FIRST_COMPLETED)

    async def wait_lost(self) -> None:
        """Return once the session has ended."""
        await asyncio.wait({self._lost})

    def served(self) -> None:
        """Record that a leader has answered a request or stored an event."""
        self._unserved_since = math.inf

    def unserved(self) -> None:
        """Record that a request failed on a live connection. If all fail for too long, the session ends."""
        now = monotonic()
        self._unserved_since = min(self._unserved_since, now)
        if now > self._unserved_since + UNSERVED_SECONDS_MAX and not self.is_lost:
            self._last_error = f"every request failed for {UNSERVED_SECONDS_MAX:g} s"
            self._end()

    async def request(
        self, subject: str, payload: bytes, *, timeout_seconds: float, headers: dict[str, str] | None = None
    ) -> Msg:
        """The answer to a request. Raises `Unavailable` once the session is lost or the time is over."""
        if self.is_lost:
            raise Unavailable("the connection is lost")
        try:
            async with asyncio.timeout(timeout_seconds):
                answer = await self._requests(subject, payload, headers)
        except TimeoutError:
            raise Unavailable(f"no answer within {timeout_seconds:g} s") from None
        except (OSError, nats.errors.Error) as error:
            raise Unavailable(in_words(error)) from error
        if answer is None:
            raise Unavailable("the connection is lost")
        if has_no_responder(answer):
            raise NotTaken(in_words(nats.errors.NoRespondersError()))
        return answer

    async def publish(
        self, subject: str, payload: bytes, *, reply: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Hand a message to the connection, without a receipt. Raises `Unavailable`."""
        if self.is_lost:
            raise Unavailable("the connection is lost")
        try:
            await self._client.publish(subject, payload, reply=reply, headers=headers)
        except (OSError, nats.errors.Error) as error:
            raise Unavailable(in_words(error)) from error

    async def subscribe(self, subject: str, on_message: Callable[[Msg], None]) -> Subscription:
        """Call `on_message` with each message on `subject`, as soon as it is read.

        An error of `on_message` is logged, once for each type of error. The next message still arrives.
        """
        if self.is_lost:
            raise Unavailable("the connection is lost")
        try:
            return await self._client.hand_over(subject, logging_errors(on_message, subscription=subject))
        except (OSError, nats.errors.Error) as error:
            raise Unavailable(in_words(error)) from error

    async def unsubscribe(self, subscription: Subscription) -> None:
        """End the subscription if the session still lives."""
        self._client.forget(subscription)
        if not self.is_lost:
            with suppress(OSError, nats.errors.Error):
                await subscription.unsubscribe()

    def new_delivery_subject(self) -> str:
        """A new subject for deliveries, which no other client can guess."""
        return f"{deliveries_to(self._user)}.{uuid.uuid4().hex}"

    @property
    def bytes_max(self) -> int:
        """The server's last known limit for a message, headers included, in bytes."""
        return self._limit.bytes_max

    async def look_at_bytes_max(self) -> int:
        """As `bytes_max`, but asks the server again."""
        address = None if self._transport is None else self._transport.address
        return await self._limit.look(address, timeout_seconds=CONNECT_TIMEOUT_SECONDS)

    @property
    def client(self) -> DirectClient:
        """The client itself."""
        return self._client

    async def close(self) -> None:
        """End the session within `CLOSE_SECONDS`. Never fails: the server may be gone and the client in any state."""
        self._end()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._client.close()
        except Exception as error:  # noqa: BLE001 - the session has ended in any case
            log.debug("a session did not close in order", name=self._name, why=in_words(error))

    async def _on_error(self, error: Exception) -> None:
        self._last_error = in_words(error)
        if "permissions violation" in self._last_error and self._last_error != self._not_permitted:
            self._not_permitted = self._last_error
            log.error("not permitted", name=self._name, why=self._last_error)
        if not self._failed.done():
            self._failed.set_result(None)
        if isinstance(error, nats.errors.UnexpectedEOF):
            await self._on_disconnected()

    async def _on_disconnected(self) -> None:
        self._end()

    def _end(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)


def _retrieve(task: asyncio.Future[Any]) -> None:
    """Retrieve the outcome of a task that may be abandoned; otherwise asyncio logs a complaint."""
    if not task.cancelled():
        task.exception()

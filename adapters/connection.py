"""A connection to one region's NATS that is dialled again and again, one session after the other.

A session is one client object over one TCP connection. When that is lost the session ends, with all
that was asked on it; nothing published on it is sent again by somebody else later (ADR 4).
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import structlog

from adapters.addresses import Tls
from adapters.dialling import Dialler
from adapters.errors import Unavailable
from adapters.session import REDIAL_SECONDS, Session, in_words

log = structlog.get_logger()

NATS_PORT = 4222
"""Where an address names none."""


class Connection:
    """Where to find the present session."""

    def __init__(
        self,
        servers: list[str],
        *,
        name: str,
        tls: Tls | None = None,
        on_change: Callable[[str | None], None] | None = None,
    ) -> None:
        self._diallers = {server: _dialler(server) for server in servers}
        self._name = name
        self._tls = tls
        self._on_change = on_change or (lambda _why_not: None)
        self._session: Session | None = None
        self._last_server = ""
        self._available = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()
        self.why_not = "not dialled yet"
        """Why there was no session when one was last tried for; `""` where there was."""

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
        """Dial, and dial again whenever there is no session or it is lost, whatever happens, until cancelled."""
        why_not = ""
        while True:
            try:
                why_not = await self._live()
            except Exception as error:
                if why_not != in_words(error):
                    log.exception("a session failed", name=self._name)
                why_not = in_words(error)
            self._tell(why_not)
            await asyncio.sleep(REDIAL_SECONDS)

    async def closed(self) -> None:
        """Return once every session that has ended is closed, within `CLOSE_SECONDS`."""
        if self._closing:
            await asyncio.wait(self._closing)

    async def _live(self) -> str:
        """One session, from its dialling to its end, with a server that takes one. Returns why there is none now.

        Each server is tried once. Their order is by chance, so that many processes spread over them, but the one that
        the last session was with is the last. A server may be cut off from the others of its region, and of no use.
        """
        whys = []
        servers = random.sample(list(self._diallers), len(self._diallers))
        for server in sorted(servers, key=lambda server: server == self._last_server):
            session = Session(self._name, tls=self._tls)
            try:
                await session.dial(server, self._diallers[server])
                self._session, self._last_server = session, server
                self._available.set()
                self._tell(None)
                await session.wait_lost()
            except Unavailable as error:
                whys.append(f"{_place(server)}: {error}" if len(self._diallers) > 1 else str(error))
            else:
                return session.why_lost
            finally:
                self._session = None
                self._close(session)
        return "; ".join(sorted(whys))

    def _close(self, session: Session) -> None:
        """Close it beside what comes next: an unreachable server takes its time."""
        closing = asyncio.create_task(session.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _tell(self, why_not: str | None) -> None:
        self.why_not = why_not or ""
        try:
            self._on_change(why_not)
        except Exception:
            log.exception("a change of a connection was not heard", name=self._name, why=why_not)


def _dialler(server: str) -> Dialler:
    """One for all sessions with `server`: it knows which of its addresses were of no use."""
    parts = urlsplit(server)
    return Dialler(parts.hostname or "", parts.port or NATS_PORT)


def _place(server: str) -> str:
    """A server's address without the password that it may have."""
    return urlsplit(server).netloc.rpartition("@")[2]


@asynccontextmanager
async def open_connection(
    servers: list[str],
    *,
    name: str,
    tls: Tls | None = None,
    on_change: Callable[[str | None], None] | None = None,
) -> AsyncIterator[Connection]:
    """A connection that is kept in the background while the context is open.

    `tls` is for `tls://` addresses. `on_change` is called on every change and failed attempt: with None where there is
    a session now, else with why there is none.
    """
    connection = Connection(servers, name=name, tls=tls, on_change=on_change)
    keeper = asyncio.create_task(connection.keep(), name=f"connection {name}")
    try:
        yield connection
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
        await connection.closed()

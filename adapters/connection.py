"""A connection to one region's NATS: one session after the other, each dialled anew.

A session is one client object over one TCP connection. A lost connection ends its session and every request on it.
No later session sends again what was published on it (ADR 4).
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import structlog

from adapters.addresses import Tls
from adapters.dialling import Dialler
from adapters.errors import Unavailable, in_words
from adapters.server_patches import Server
from adapters.session import REDIAL_SECONDS, Session
from core.certificates import Certificate

log = structlog.get_logger()

NATS_PORT = 4222
"""The port of an address that names none."""

HANDOVER_SECONDS = 0.5
"""How long a replaced session lives on, so that the answers to its requests still arrive."""


class Connection:
    """Holds the current session."""

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
        self._last_place = ""
        self._available = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()
        self.why_not = "not dialled yet"
        """Why the last attempt made no session; `""` if it did."""
        self.server: Server | None = None
        """The server of the newest session; None before the first."""

    async def use(self, servers: list[str], *, tls: Tls | None) -> None:
        """Replace the session by one with these logins and TLS settings, and dial with them from now on.

        The old session continues until the new one is made. Nothing happens if nothing differs. Raises `Unavailable`,
        and changes nothing, if no server accepts the new session.
        """
        if servers == list(self._diallers) and tls == self._tls:
            return
        diallers = {server: _dialler(server) for server in servers}
        session, server = await self._dial(diallers, tls)
        self._diallers, self._tls = diallers, tls
        replaced = self._session
        self._take(session, server)
        if replaced is not None:
            replaced.replace()
            self._close(replaced, within_seconds=HANDOVER_SECONDS)

    @property
    def is_connected(self) -> bool:
        """Whether there is a session that is not known to be lost."""
        return self._session is not None and not self._session.is_lost

    @property
    def current(self) -> Session:
        """The current session. Raises `Unavailable`."""
        if self._session is None or self._session.is_lost:
            raise Unavailable("not connected")
        return self._session

    @property
    def certificate(self) -> Certificate | None:
        """The certificate that the server of the current session has shown; None without TLS or a session."""
        return None if self._session is None else self._session.certificate

    async def session(self) -> Session:
        """The current session. Waits for the next one if there is none."""
        while not self.is_connected:
            self._available.clear()
            await self._available.wait()
        return self.current

    async def keep(self) -> None:
        """Dial whenever there is no session, even after unexpected errors, until cancelled."""
        why_not = ""
        while True:
            try:
                why_not = await self._live()
            except Exception as error:
                if why_not != in_words(error):
                    log.exception("a session failed", name=self._name)
                why_not = in_words(error)
            self._report(why_not)
            await asyncio.sleep(REDIAL_SECONDS)

    async def closed(self) -> None:
        """Return once every ended session is closed, within `CLOSE_SECONDS`."""
        if self._closing:
            await asyncio.wait(self._closing)

    async def _live(self) -> str:
        """One session after the other, each replaced by the next, until one is lost. Returns why there is none now."""
        if not self.is_connected:
            try:
                session, server = await self._dial(self._diallers, self._tls)
            except Unavailable as error:
                return str(error)
            if self.is_connected:
                self._close(session)
            else:
                self._take(session, server)
        return await self._until_lost()

    async def _until_lost(self) -> str:
        """Wait until the session that is current by then is lost. Returns why."""
        session = self._session
        try:
            while session is not None:
                await session.watch()
                if session is self._session:
                    break
                session = self._session
        finally:
            lost, self._session = self._session, None
            if lost is not None:
                self._close(lost)
        return "" if lost is None else lost.why_lost

    async def _dial(self, diallers: Mapping[str, Dialler], tls: Tls | None) -> tuple[Session, str]:
        """A session with the first server that accepts it, and that server. Raises `Unavailable`.

        Each server is tried once, in random order, so that many processes spread over them. The server of the last
        session is tried last: it may be cut off from the other servers of its region.
        """
        whys = []
        servers = random.sample(list(diallers), len(diallers))
        for server in sorted(servers, key=lambda server: _place(server) == self._last_place):
            session = Session(self._name, tls=tls)
            try:
                await session.dial(server, diallers[server])
            except Unavailable as error:
                self._close(session)
                whys.append(f"{_place(server)}: {error}" if len(diallers) > 1 else str(error))
            except BaseException:
                self._close(session)
                raise
            else:
                return session, server
        raise Unavailable("; ".join(sorted(whys)))

    def _take(self, session: Session, server: str) -> None:
        self._session, self._last_place, self.server = session, _place(server), session.server
        self._available.set()
        self._report(None)

    def _close(self, session: Session, *, within_seconds: float = 0) -> None:
        """Close it in the background, after this time: an unreachable server delays that."""
        closing = asyncio.create_task(_close_after(session, within_seconds) if within_seconds else session.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _report(self, why_not: str | None) -> None:
        self.why_not = why_not or ""
        try:
            self._on_change(why_not)
        except Exception:
            log.exception("a change of a connection was not reported", name=self._name, why=why_not)


async def _close_after(session: Session, within_seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_seconds):
            await session.wait_lost()
    await session.close()


def _dialler(server: str) -> Dialler:
    """One dialler for all sessions with `server`: it remembers which addresses failed."""
    parts = urlsplit(server)
    return Dialler(parts.hostname or "", parts.port or NATS_PORT)


def _place(server: str) -> str:
    """A server's address without its login."""
    return urlsplit(server).netloc.rpartition("@")[2]


@asynccontextmanager
async def open_connection(
    servers: list[str],
    *,
    name: str,
    tls: Tls | None = None,
    on_change: Callable[[str | None], None] | None = None,
) -> AsyncIterator[Connection]:
    """A connection that stays open in the background while the context is open.

    `tls` is for `tls://` addresses. Every change and every failed attempt calls `on_change`: with None for a new
    session, else with the reason why there is none.
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

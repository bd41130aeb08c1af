"""Serves HTTP until a signal, then finishes the requests in flight."""

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import structlog
import uvicorn

from runtime.bounds import Bounds
from runtime.protocol import protocol_with
from runtime.settings import InvalidSetting

log = structlog.get_logger()

ANSWER_SECONDS = 1.0
"""The time after the drain in which the last responses are written."""

DATE_SECONDS = 1.0

FILES_RESERVED = 256
"""Files and sockets that the process needs besides its clients' connections."""

EVERY_ADDRESS, EVERY_IPV4_ADDRESS = "::", "0.0.0.0"  # noqa: S104 - only where `CROSSHOOK_LISTEN` says so


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `InvalidSetting` with the reason.

    At `::` it accepts IPv4 too, and only IPv4 on a machine without IPv6: the image listens there by default.
    """
    is_ipv6 = ":" in host
    try:
        listener = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        if host == EVERY_ADDRESS:
            return bind(EVERY_IPV4_ADDRESS, port)
        why = f"an address of IPv4, such as 0.0.0.0:{port} ({error.strerror}: this machine has no IPv6)"
        raise InvalidSetting("CROSSHOOK_LISTEN", why, f"[{host}]:{port}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_ipv6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # The machine's default may differ.
        listener.bind((host, port))
    except (OSError, UnicodeError) as error:
        listener.close()
        why = f"an address that is free ({error.strerror if isinstance(error, OSError) else error})"
        raise InvalidSetting("CROSSHOOK_LISTEN", why, f"[{host}]:{port}" if is_ipv6 else f"{host}:{port}") from error
    listener.setblocking(False)  # noqa: FBT003 - the socket's own
    return listener


def name_of(listener: socket.socket) -> str:
    """HOST:PORT with the machine's own name: unique for each process, even if clients use another address."""
    return f"{socket.gethostname()}:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """A server whose signals are handled by `serve`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Accept no more connections, and finish the requests in flight."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Renew the `Date` of responses every second. uvicorn's own loop looks ten times a second whether it ends."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DATE_SECONDS):
                    await self._ending.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _within_files(bounds: Bounds) -> Bounds:
    """`bounds` with at most as many connections as the process may open. Raises its soft limit as far as allowed."""
    return msgspec.structs.replace(bounds, connections_max=_room_for(bounds.connections_max))


def _room_for(connections: int) -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return connections
    files = connections + FILES_RESERVED
    if soft < files:
        soft = files if hard == resource.RLIM_INFINITY else min(files, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(connections, soft - FILES_RESERVED))


async def serve(
    app: Any,  # noqa: ANN401 - any ASGI application
    listener: socket.socket,
    *,
    drain_seconds: float,
    bounds: Bounds = Bounds(),  # noqa: B008 - it is frozen
    on_drain: Callable[[float], None] = lambda _deadline: None,
) -> None:
    """Serve `app` on `listener` until SIGTERM or SIGINT, then answer the requests in flight and return.

    A connection beyond the number in `bounds`, or beyond what the process may open, receives 503 unless it asks for
    `/livez`. One beyond the number of its address receives 429.
    The signal calls `on_drain` with the deadline, in the event loop's time, for responses to waiting requests.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level="error",
        http=protocol_with(_within_files(bounds)),  # type: ignore[arg-type]
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(drain_seconds + ANSWER_SECONDS) + 1,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def stop(name: str) -> None:
        if not server.should_exit:
            server.end()
            on_drain(loop.time() + drain_seconds)
            log.info("draining", signal=name, drain_seconds=drain_seconds)  # Last: standard error may be closed.

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number.name)
    await server.serve(sockets=[listener])

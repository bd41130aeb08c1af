"""Callers that each send a request, wait for its response, and send the next, on connections that stay open.

It uses bare sockets in one thread, because every figure includes the caller's own processor time.
"""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from typing import NamedTuple

from bench.errors import UnexpectedResponse, Unmeasured
from bench.samples import Samples

CONNECT_SECONDS_MAX = 5.0
ANSWER_SECONDS_MAX = 130.0
"""Above the longest time-out that a request can ask for."""

CONNECTIONS_MAX = 256
CREATED = 201
_HEAD_END = b"\r\n\r\n"


class Response(NamedTuple):
    """A whole response, and the seconds since its request was sent."""

    status: int
    body: bytes
    seconds: float


class Caller:
    """One connection with at most one request on it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._response = bytearray()
        self._sent_seconds = 0.0

    def send(self, request: bytes) -> None:
        """Send the next request."""
        self._response.clear()
        self._sent_seconds = time.perf_counter()
        self.connection.sendall(request)

    def receive(self) -> float | None:
        """The response's seconds, or None if it is not complete yet. Raises `Unmeasured` unless it is 201."""
        response = self.response()
        if response is None:
            return None
        if response.status != CREATED:
            raise UnexpectedResponse(status=response.status, body=response.body)
        return response.seconds

    def response(self) -> Response | None:
        """The response, or None if it is not complete yet. Raises `Unmeasured` if the connection is closed."""
        data = self.connection.recv(65_536)
        received_seconds = time.perf_counter()
        if not data:
            raise Unmeasured("the service closed the connection")
        self._response += data
        head, end, body = self._response.partition(_HEAD_END)
        if not end or len(body) < _content_length(head):
            return None
        return Response(int(head[9:12]), bytes(body), received_seconds - self._sent_seconds)


def closed_loop(
    address: tuple[str, int],
    requests: Sequence[bytes],
    *,
    connections: int,
    count_max: int,
    seconds_max: float,
) -> Samples:
    """Send `requests` over and over on this many connections, until `count_max` are sent or `seconds_max` have passed.

    At the end it waits for the requests in flight. Raises `Unmeasured` for a response other than 201, or for none.
    """
    upcoming = cycle(requests)
    each_seconds: list[float] = []
    with callers(address, min(connections, count_max)) as (selector, all_callers):
        begin = time.perf_counter()
        for caller in all_callers:
            caller.send(next(upcoming))
        sent, answered = len(all_callers), 0
        while answered < sent:
            ready = selector.select(ANSWER_SECONDS_MAX)
            if not ready:
                raise Unmeasured(f"no response within {ANSWER_SECONDS_MAX:g} s")
            for key, _ in ready:
                seconds = key.data.receive()
                if seconds is None:
                    continue
                each_seconds.append(seconds)
                answered += 1
                if sent < count_max and time.perf_counter() - begin < seconds_max:
                    key.data.send(next(upcoming))
                    sent += 1
        return Samples(each_seconds=each_seconds, total_seconds=time.perf_counter() - begin)


@contextmanager
def callers(address: tuple[str, int], count: int) -> Iterator[tuple[selectors.BaseSelector, list[Caller]]]:
    """`count` connected callers, and a selector that returns those with something to receive."""
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        connected = []
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(address, timeout=CONNECT_SECONDS_MAX))
            connection.settimeout(ANSWER_SECONDS_MAX)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.append(Caller(connection))
            selector.register(connection, selectors.EVENT_READ, connected[-1])
        yield selector, connected


def _content_length(head: bytes | bytearray) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise Unmeasured("a response has no Content-Length")

"""Addresses of this machine that swallow packets, as a host does that is down or behind a firewall."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress


@contextmanager
def swallowing(host: str, port: int = 0) -> Iterator[int]:
    """The port, there, of a listener with no room for one more connection: what begins one gets no answer."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(4):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)  # noqa: FBT003 - the socket's own
            with suppress(BlockingIOError):
                filling.connect(listener.getsockname())
        yield listener.getsockname()[1]

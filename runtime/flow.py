"""How a request waits for its client: for the rest of its body, and for room to write."""

import asyncio


class Flag:
    """What one task waits for. An `asyncio.Event` takes 850 bytes, because it has a queue for many tasks."""

    __slots__ = ("_is_set", "_waiter")

    def __init__(self, *, is_set: bool = False) -> None:
        self._is_set = is_set
        self._waiter: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Set it, and wake the task that waits."""
        self._is_set = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def clear(self) -> None:
        """Unset it."""
        self._is_set = False

    async def wait(self) -> None:
        """Return once it is set."""
        while not self._is_set:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None


class Flow:
    """Whether a connection is read, and whether its client takes what is written. As uvicorn's `FlowControl`."""

    __slots__ = ("_is_writable", "_transport", "read_paused", "write_paused")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._is_writable = Flag(is_set=True)
        self.read_paused = False
        self.write_paused = False

    async def drain(self) -> None:
        """Return once the client has taken most of what was written."""
        await self._is_writable.wait()

    def pause_reading(self) -> None:
        """Stop reading for now."""
        if not self.read_paused:
            self.read_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        if self.read_paused:
            self.read_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """The client takes nothing."""
        self.write_paused = True
        self._is_writable.clear()

    def resume_writing(self) -> None:
        """The client has taken most of what was written."""
        self.write_paused = False
        self._is_writable.set()

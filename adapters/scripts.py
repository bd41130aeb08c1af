"""Runs our Lua scripts in Redis."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha1
from importlib import resources
from typing import Any

from redis.exceptions import NoScriptError

from adapters.held_connections import Command, HeldConnections
from adapters.projection_arguments import Call
from adapters.redis_calls import RedisCalls


def text_of(name: str) -> str:
    """The text of one of our scripts, as Redis runs it."""
    folder = resources.files("adapters") / "lua"
    return "".join(folder.joinpath(f"{part}.lua").read_text() for part in ("prelude", name))


class Script:
    """One of our scripts. It is loaded again if Redis does not know it."""

    def __init__(self, connections: HeldConnections, name: str, calls: RedisCalls) -> None:
        self._connections = connections
        self._calls = calls
        self._text = text_of(name)
        self._digest = sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], arguments: Sequence[str | bytes], *, goes_first: bool = False) -> Any:  # noqa: ANN401 - Redis's own
        """Run it, before other calls in line if it `goes_first`, and return its result. Raises `Unavailable`."""
        return await self._calls(lambda: self._run(keys, arguments), goes_first=goes_first)

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[Callable[[Iterable[Call]], Awaitable[Any]]]:
        """Runs it several times, in order, without waiting for each result before the next call is sent.

        The callable sends calls, and returns the result of the first call that has none yet. Raises `Unavailable`: also
        if Redis does not know the script.
        """
        pipeline = self._connections.pipeline()
        try:
            yield lambda calls: self._calls(lambda: pipeline.exchange(*(self._command(*call) for call in calls)))
        finally:
            await pipeline.close()

    async def _run(self, keys: Sequence[str], arguments: Sequence[str | bytes]) -> Any:  # noqa: ANN401 - as above
        command = self._command(keys, arguments)
        try:
            return await self._connections.execute(*command)
        except NoScriptError:
            await self._connections.execute("SCRIPT", "LOAD", self._text)
            return await self._connections.execute(*command)

    def _command(self, keys: Sequence[str], arguments: Sequence[str | bytes]) -> Command:
        return ("EVALSHA", self._digest, str(len(keys)), *keys, *arguments)

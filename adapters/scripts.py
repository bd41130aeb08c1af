"""Scripts of ours in Redis, and what it raises in our words."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha1
from importlib import resources
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError, ResponseError

from adapters.errors import Unavailable


@contextmanager
def translated(tell: Callable[[str], None]) -> Iterator[None]:
    """Make what Redis raises `Unavailable`, and `tell` why it did not answer, or "" where it did."""
    try:
        yield
    except (RedisError, OSError) as error:
        why = f"{type(error).__name__}: {error}"
        tell("" if isinstance(error, ResponseError) else why)
        raise Unavailable(f"Redis: {why}") from error
    tell("")


class Script:
    """A script of ours, which Redis is given again where it has forgotten it. `tell` as in `translated`."""

    def __init__(self, redis: "Redis", name: str, tell: Callable[[str], None]) -> None:
        self._tell = tell
        folder = resources.files("adapters") / "lua"
        self._text = "".join(folder.joinpath(f"{part}.lua").read_text() for part in ("prelude", name))
        self._digest = sha1(self._text.encode(), usedforsecurity=False).hexdigest()
        self._redis = redis

    async def __call__(self, keys: Sequence[str], arguments: Sequence[str]) -> Any:  # noqa: ANN401 - Redis's own
        """What it returns. Raises `Unavailable`."""
        with translated(self._tell):
            return await self._run(keys, arguments)

    async def _run(self, keys: Sequence[str], arguments: Sequence[str]) -> Any:  # noqa: ANN401 - as above
        try:
            return await self._redis.evalsha(self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            await self._redis.script_load(self._text)
            return await self._redis.evalsha(self._digest, len(keys), *keys, *arguments)

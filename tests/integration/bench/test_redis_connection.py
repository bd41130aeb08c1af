"""A bare connection sends packed commands, keeps their order, and shows an error of Redis."""

from pathlib import Path

import pytest

from bench.errors import Unmeasured
from bench.redis_connection import RedisConnection, packed
from deploy.local.network.ports import LOCALHOST
from tests.redis_servers import redis_server


async def test_more_commands_than_the_window_are_answered_in_their_order(tmp_path: Path) -> None:
    async with redis_server(tmp_path / "redis") as port:
        with RedisConnection(f"redis://{LOCALHOST}:{port}/0") as redis:
            commands = [packed("SET", f"k{number}", str(number)) for number in range(20)]
            commands += [packed("GET", f"k{number}") for number in range(20)]
            answers = redis.pipelined(commands, window=8)
            assert answers == [b"OK"] * 20 + [b"%d" % number for number in range(20)]
            assert redis.call("EVAL", "return {1, 'two', false, {3}}", "0") == [1, b"two", None, [3]]
            with pytest.raises(Unmeasured, match="ERR unknown command"):
                redis.call("NO")


async def test_used_memory_grows_with_what_is_stored(tmp_path: Path) -> None:
    async with redis_server(tmp_path / "redis") as port:
        with RedisConnection(f"redis://{LOCALHOST}:{port}/0") as redis:
            before = redis.used_memory()
            redis.pipelined([packed("SET", f"k{number}", "v" * 100) for number in range(10_000)], window=8)
            assert 1_000_000 < redis.used_memory() - before < 3_000_000

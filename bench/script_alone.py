"""The peer of a rebuild: the same writes, packed ahead and sent to an empty Redis that does nothing else."""

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.connection import open_connection
from adapters.event_log import EventLog
from adapters.follower import Stored
from adapters.projection import STATE_KEY, open_projection
from adapters.projection_arguments import of_apply
from adapters.scripts import text_of
from adapters.watermark_channel import channel_of
from bench.errors import Unmeasured
from bench.fill import CONNECT_SECONDS_MAX
from bench.programs import running
from bench.redis_connection import Answer, RedisConnection, packed
from bench.regions import TREE, Regions, free_ports
from bench.servers import servers_of
from core.positions import BEGINNING, Region
from deploy.local.network.ports import LOCALHOST
from deploy.local.processes.configuration import redis_url
from deploy.local.processes.servers import find_servers
from deploy.logins import write_private
from deploy.redis.configuration import OPERATOR, USERS, redis_configuration
from replicator.runs import runs_of
from runtime.credentials import Login

WINDOW = 8
"""So many calls of the script have no answer yet."""

READ_TOGETHER = 1_024
"""So many messages are packed before they are sent."""

_APPLIED = b"applied"


@contextmanager
def empty_redis() -> Iterator[str]:
    """The address of a new Redis with the configuration of a region, with the login that may do everything."""
    passwords = {user: secrets.token_urlsafe() for user in USERS}
    with tempfile.TemporaryDirectory(prefix="crosshook-bench-") as directory:
        port = free_ports(1)
        text = redis_configuration(bind=LOCALHOST, port=port, directory=directory, passwords=passwords)
        configuration = write_private(Path(directory) / "redis.conf", text)
        url = Login(OPERATOR, passwords[OPERATOR]).into(redis_url(port))
        command = [str(find_servers().redis.path), str(configuration)]
        with running(command, what="Redis", directory=TREE, environment=os.environ, ready=lambda: _answers(url)):
            yield url


def _answers(url: str) -> bool | None:
    try:
        with RedisConnection(url) as redis:
            return redis.call("PING") == b"PONG"
    except (OSError, Unmeasured):
        return None


def script_seconds(regions: Regions, region: str, url: str) -> float:
    """The seconds in which the Redis at `url`, emptied first, runs the script for the whole log of `region`."""
    return asyncio.run(_script_seconds(regions, Region(region), url))


async def _script_seconds(regions: Regions, here: Region, url: str) -> float:
    with RedisConnection(url) as redis:
        redis.call("FLUSHALL")
        async with open_projection(url, region=here) as projection:
            await projection.require(await projection.begin(), {})
            await projection.observe()
        digest = redis.call("SCRIPT", "LOAD", text_of("apply"))
        seconds, known = 0.0, BEGINNING
        async with open_connection(servers_of(regions, here).nats, name="bench") as connection:
            await asyncio.wait_for(connection.session(), CONNECT_SECONDS_MAX)
            log = EventLog(connection, here)
            end = (await log.describe()).last_sequence
            async with log.follow(known) as follower:
                while known.sequence < end:
                    messages: list[Stored] = []
                    while len(messages) < READ_TOGETHER and (not messages or messages[-1].sequence < end):
                        messages += await follower.next()
                    runs = list(runs_of(here, known, messages, now_milliseconds=_now_milliseconds))
                    calls = [of_apply(run.to_apply, channel=channel_of(here)) for run in runs]
                    commands = [_command(digest, keys, arguments) for keys, arguments in calls]
                    began = time.perf_counter()
                    answers = redis.pipelined(commands, window=WINDOW)
                    seconds += time.perf_counter() - began
                    _check(answers)
                    known = runs[-1].last
    return seconds


def _command(digest: Answer, keys: Sequence[str], arguments: Sequence[str | bytes]) -> bytes:
    name = digest.decode() if isinstance(digest, bytes) else ""
    return packed("EVALSHA", name, str(1 + len(keys)), STATE_KEY, *keys, *arguments)


def _check(answers: Sequence[Answer]) -> None:
    for answer in answers:
        if not isinstance(answer, list) or answer[0] != _APPLIED:
            raise Unmeasured(f"the script did not apply a run: {answer!r}")


def _now_milliseconds() -> int:
    return time.time_ns() // 1_000_000

"""How a region of several NATS servers is, told by the servers themselves."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from core.positions import Region
from core.subjects import stream_of
from deploy.local import LocalRegion, ServerProcess
from deploy.nats.accounts import LOG_OPERATOR, SYSTEM_OPERATOR

_ANSWER_SECONDS = 1.0
STEADY_SECONDS = 2.0
"""One that goes on after a pause says of itself what was so before it, until it has heard from the others."""

WHOLE_SECONDS_MAX = 60.0
"""Two elections in vain, one after the other, with what servers need to find one another, on a busy machine."""


async def until_whole(region: LocalRegion) -> None:
    """Return once every server of the region has everything that the others have, and has had it for a while."""
    loop = asyncio.get_running_loop()
    since = loop.time()
    async with asyncio.timeout(WHOLE_SECONDS_MAX):
        while loop.time() < since + STEADY_SECONDS:
            await asyncio.sleep(0.1)
            if not await _is_whole(region):
                since = loop.time()


async def leader_of(region: LocalRegion, origin: str) -> ServerProcess:
    """The server that leads the log of `origin`, which is none of the copies."""
    async with asyncio.timeout(WHOLE_SECONDS_MAX):
        while True:
            with suppress(OSError, nats.errors.Error):
                async with _client(region, LOG_OPERATOR) as client:
                    subject = f"$JS.API.STREAM.INFO.{stream_of(Region(origin))}"
                    answer = json.loads((await client.request(subject, b"", timeout=_ANSWER_SECONDS)).data)
                    for index, server in enumerate(region.nats_servers, start=1):
                        if server.is_running and answer["cluster"].get("leader") == f"{region.name}-{index}":
                            return server
            await asyncio.sleep(0.1)


async def _is_whole(region: LocalRegion) -> bool:
    """Whether all servers are there, and each says that it is well: it would not if it lacked something."""
    said: dict[str, str] = {}
    with suppress(OSError, nats.errors.Error):
        async with _client(region, SYSTEM_OPERATOR) as client:
            all_said = asyncio.Event()

            async def on_message(message: Msg) -> None:
                answer: Any = json.loads(message.data)
                said[answer["server"]["name"]] = answer["data"]["status"]
                if len(said) == len(region.nats_servers):
                    all_said.set()

            inbox = client.new_inbox()
            await client.subscribe(inbox, cb=on_message)
            await client.publish("$SYS.REQ.SERVER.PING.HEALTHZ", b"", reply=inbox)
            with suppress(TimeoutError):
                await asyncio.wait_for(all_said.wait(), _ANSWER_SECONDS)
    return len(said) == len(region.nats_servers) and set(said.values()) == {"ok"}


@asynccontextmanager
async def _client(region: LocalRegion, user: str) -> AsyncIterator[Client]:
    """A client of the first server that runs. Raises `nats.errors.Error` or `OSError` if that takes none."""
    index = next((index for index, server in enumerate(region.nats_servers) if server.is_running), 0)
    client = Client()
    await client.connect(
        region.nats_url_as(user, server=index),
        allow_reconnect=False,
        max_reconnect_attempts=1,
        connect_timeout=1,
        error_cb=_ignore,
    )
    try:
        yield client
    finally:
        await client.close()


async def _ignore(_: Exception) -> None:
    """The caller gets the error as well."""

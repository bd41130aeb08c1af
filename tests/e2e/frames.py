"""The frames of a log, and how many events each has.

While a process runs they are found without a consumer: one that does not show that it reads frames keeps services from
writing any.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
from nats.js.client import JetStreamContext

from core.frames import events_in
from core.positions import Region
from core.subjects import is_frame, stream_of
from tests.e2e.evidence import Log, Place


def frame_sizes(log: Log) -> Counter[int]:
    """How many frames of a log have how many events."""
    return Counter(events_in(subject, data) for _, subject, data in log if is_frame(subject))


@asynccontextmanager
async def _stream(nats_url: str) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(nats_url)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def first_frame(region: Place, origin: str) -> int:
    """The sequence of the first frame in the log of `origin` at a region; 0 if it has none."""
    body = json.dumps({"seq": 1, "next_by_subj": f"events.{origin}.*.frame.v1"}).encode()
    client = await nats.connect(region.log_url(origin))
    try:
        answer = await client.request(f"$JS.API.STREAM.MSG.GET.{stream_of(Region(origin))}", body, timeout=10)
    finally:
        await client.close()
    found = json.loads(answer.data)
    return int(found["message"]["seq"]) if "message" in found else 0


async def readers(region: Place, origin: str) -> list[dict[str, str]]:
    """The metadata of every reader of an origin's own log."""
    async with _stream(region.log_url(origin)) as stream:
        return [info.config.metadata or {} for info in await stream.consumers_info(stream_of(Region(origin)))]

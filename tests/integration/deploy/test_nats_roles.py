"""At NATS each role may do what it does and nothing else: every line of the table is tried on a real server."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import nats
import nats.errors
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.aio.msg import Msg

from deploy.local import LocalRegion, local_regions
from deploy.nats.accounts import COPIES_OPERATOR, LOG_OPERATOR, OBSERVER, REPLICATOR, SERVICE
from tests.nats_roles import (
    SECONDS,
    Announcement,
    Attempt,
    Regions,
    announcements,
    answer_to,
    api,
    attempts,
    event,
    follow,
    heard_by,
    stream,
)

REGIONS = Regions("us-iowa", "europe-belgium", "asia-japan")
HERE, FAR, FARTHER = REGIONS
OWN, COPY, OTHER_COPY = (stream(region) for region in REGIONS)
PEER, OTHER_PEER = REGIONS.peers
EPOCH = "epoch"
TIMES = 20
"""How often something is said that nobody must hear, beside something that is heard."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[1, 3], ids=["one server", "three servers"])
async def region(request: pytest.FixtureRequest) -> AsyncIterator[LocalRegion]:
    """The servers of a region of three, with a log and its copies, one event in each."""
    async with local_regions(regions=3, services=0, replicators=0, nats_servers=request.param) as demo:
        region = demo.region(HERE)
        for origin in REGIONS:
            await create_with_one_event(region, origin, replicas=request.param)
        yield region


async def create_with_one_event(region: LocalRegion, origin: str, *, replicas: int) -> None:
    async with a_client(region, LOG_OPERATOR if origin == HERE else COPIES_OPERATOR) as client, asyncio.timeout(30):
        while True:
            with suppress(nats.errors.Error):  # Servers that have just met have nobody yet to ask.
                await client.jetstream().add_stream(
                    name=stream(origin), subjects=[f"events.{origin}.{EPOCH}.>"], num_replicas=replicas
                )
                await client.jetstream().publish(event(origin, EPOCH), b"{}")
                return


@asynccontextmanager
async def a_client(region: LocalRegion, user: str) -> AsyncIterator[Client]:
    """A client of the region's only server, or of any of its servers."""

    async def on_error(_: Exception) -> None:
        """A refusal is what is looked for."""

    server = random.randrange(len(region.nats_servers))
    client = await nats.connect(region.nats_url_as(user, server=server), allow_reconnect=False, error_cb=on_error)
    try:
        yield client
    finally:
        await client.close()


async def ends(region: LocalRegion) -> dict[str, int]:
    """Where each log ends."""
    found = {}
    for user, logs in ((LOG_OPERATOR, [OWN]), (COPIES_OPERATOR, [COPY, OTHER_COPY])):
        async with a_client(region, user) as client:
            for log in logs:
                found[log] = (await client.jetstream().stream_info(log)).state.last_seq
    return found


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", REGIONS.users)
@pytest.mark.parametrize("attempt", attempts(REGIONS), ids=lambda attempt: attempt.subject)
async def test_a_role_may_ask_for_what_it_needs_and_nobody_else_may(
    region: LocalRegion, attempt: Attempt, user: str
) -> None:
    before = await ends(region)
    async with a_client(region, user) as client:
        answer = await answer_to(client, attempt, user=user, epoch=EPOCH)
    if answer is None:
        assert user not in attempt.may
        assert await ends(region) == before
    else:
        assert user in attempt.may, answer
        assert b"not enabled" not in answer


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", REGIONS.users)
async def test_an_answer_cannot_be_sent_into_a_log(region: LocalRegion, user: str) -> None:
    before = await ends(region)
    async with a_client(region, user) as client:
        for origin in (HERE, FAR, FARTHER):
            await client.publish(api("STREAM.INFO", OWN), b"", reply=event(origin, EPOCH))
        await client.flush()
        await client.request(api("STREAM.INFO", OWN), b"", timeout=SECONDS)  # Answered after those.
    assert await ends(region) == before


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", [SERVICE, REPLICATOR, PEER])
@pytest.mark.parametrize(
    "deliver", [event(HERE, EPOCH), event(FAR, EPOCH), api("STREAM.DELETE", OWN), api("STREAM.PURGE", COPY)]
)
async def test_a_log_cannot_be_delivered_into_a_log_or_be_a_command(
    region: LocalRegion, user: str, deliver: str
) -> None:
    before = await ends(region)
    async with a_client(region, user) as client:
        heard = asyncio.Event()

        async def on_message(_: object) -> None:
            heard.set()

        await client.subscribe(f"deliver.{user}.after", cb=on_message)
        await client.flush()
        for subject in (deliver, f"deliver.{user}.after"):
            body = json.dumps(follow(OWN, subject)).encode()
            await client.request(api("CONSUMER.CREATE", OWN), body, timeout=SECONDS)
        await asyncio.wait_for(heard.wait(), 5)
    assert await ends(region) == before


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("said", announcements(REGIONS), ids=lambda said: f"{said.user}-{said.region}")
async def test_a_region_announces_its_own_watermarks_only(region: LocalRegion, said: Announcement) -> None:
    """It is said again and again: until servers have told each other who listens, what one hears is not passed on."""
    async with (
        a_client(region, SERVICE) as service,
        a_client(region, OBSERVER) as observer,
        a_client(region, said.user) as client,
        a_client(region, REPLICATOR) as own,
        asyncio.timeout(30),
    ):
        heard = await heard_by(service), await heard_by(observer)
        while any(one.count(b"known") < TIMES or (said.is_heard and b"this" not in one) for one in heard):
            await client.publish(f"watermarks.{said.region}", b"this")
            await client.flush()
            await own.publish(f"watermarks.{HERE}", b"known")
            await own.flush()
    assert [b"this" in one for one in heard] == [said.is_heard, said.is_heard]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_role_hears_no_other_role(region: LocalRegion) -> None:
    """Neither its questions nor its answers, nor the events that it follows."""
    heard: list[str] = []

    async def on_message(message: Msg) -> None:
        heard.append(message.subject)

    async with a_client(region, PEER) as spy, a_client(region, OTHER_PEER) as other:
        await spy.subscribe(">", cb=on_message)
        await spy.flush()
        subscription = await other.subscribe(f"deliver.{OTHER_PEER}.y")
        body = json.dumps(follow(OWN, f"deliver.{OTHER_PEER}.y")).encode()
        await other.request(api("CONSUMER.CREATE", OWN), body, timeout=SECONDS)
        await subscription.next_msg(timeout=5)
        await spy.request(api("STREAM.INFO", OWN), b"", timeout=SECONDS)
    assert all(subject.startswith(("_INBOX.", "$JS.API.", "api.")) for subject in heard), heard
    assert len(heard) <= 3


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("url", ["nats://127.0.0.1:{port}", "nats://service:wrong@127.0.0.1:{port}"])
async def test_nobody_is_let_in_without_a_password(region: LocalRegion, url: str) -> None:
    async def on_error(_: Exception) -> None:
        """It is raised as well."""

    client = Client()
    with pytest.raises(nats.errors.Error, match="Authorization Violation"):
        await client.connect(
            url.format(port=region.nats_ports[0]), allow_reconnect=False, max_reconnect_attempts=1, error_cb=on_error
        )
    await client.close()

"""At NATS each role may do what it does and nothing else: every line of the table is tried on a real server."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import nats
import nats.errors
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.aio.msg import Msg

from core.positions import Region
from deploy.local import LocalRegion, local_regions
from deploy.nats.accounts import COPIES_OPERATOR, LOG_OPERATOR, OBSERVER, REPLICATOR, SERVICE, peer

HERE, FAR, FARTHER = "us-iowa", "europe-belgium", "asia-japan"
OWN, COPY, OTHER_COPY = f"EVENTS_{HERE}", f"EVENTS_{FAR}", f"EVENTS_{FARTHER}"
PEER = peer(Region(FAR))
SECONDS = 1.0
"""How long what must not arrive is waited for: what may arrives in a few milliseconds."""


class Attempt(NamedTuple):
    """A request that one role may send and others may not."""

    subject: str
    body: object
    may: set[str]


def event(origin: str) -> str:
    return f"events.{origin}.epoch.webhook_created.v1"


def follow(stream: str, deliver: str) -> object:
    config = {"deliver_subject": deliver, "deliver_policy": "all", "ack_policy": "none", "max_deliver": 1}
    return {"stream_name": stream, "config": config}


def create(stream: str) -> object:
    return {"name": stream, "subjects": [f"events.{stream.removeprefix('EVENTS_')}.epoch.>"], "deny_purge": True}


def api(call: str, stream: str) -> str:
    return f"$JS.API.{call}.{stream}"


EVERYBODY = {SERVICE, REPLICATOR, OBSERVER, PEER}
TABLE = [
    Attempt(event(HERE), {}, {SERVICE}),
    Attempt(event(FAR), {}, {REPLICATOR}),
    Attempt(event(FARTHER), {}, {REPLICATOR}),
    Attempt(api("STREAM.INFO", OWN), None, EVERYBODY),
    Attempt(api("STREAM.INFO", COPY), None, {SERVICE, REPLICATOR, PEER}),
    Attempt(api("STREAM.INFO", OTHER_COPY), None, {SERVICE, REPLICATOR}),
    Attempt(api("STREAM.MSG.GET", OWN), {"seq": 1}, EVERYBODY),
    Attempt(api("STREAM.MSG.GET", COPY), {"seq": 1}, {SERVICE, REPLICATOR, PEER}),
    Attempt(api("STREAM.MSG.GET", OTHER_COPY), {"seq": 1}, {SERVICE, REPLICATOR}),
    Attempt(api("CONSUMER.CREATE", OWN), follow(OWN, "deliver.{user}.x"), {SERVICE, REPLICATOR, PEER}),
    Attempt(api("CONSUMER.CREATE", COPY), follow(COPY, "deliver.{user}.x"), {REPLICATOR}),
    Attempt(api("CONSUMER.CREATE", OTHER_COPY), follow(OTHER_COPY, "deliver.{user}.x"), {REPLICATOR}),
    Attempt(api("STREAM.CREATE", OWN), create(OWN), {REPLICATOR}),
    Attempt(api("STREAM.CREATE", COPY), create(COPY), {REPLICATOR}),
    Attempt(api("STREAM.CREATE", "MINE"), create("MINE"), set()),
    *(
        Attempt(api(call, stream), {}, set())
        for stream in (OWN, COPY)
        for call in (
            "STREAM.UPDATE",
            "STREAM.DELETE",
            "STREAM.PURGE",
            "STREAM.MSG.DELETE",
            "STREAM.SNAPSHOT",
            "STREAM.RESTORE",
            "STREAM.LEADER.STEPDOWN",
            "STREAM.PEER.REMOVE",
            "CONSUMER.NAMES",
            "CONSUMER.LIST",
            "DIRECT.GET",
        )
    ),
    Attempt("$JS.API.STREAM.NAMES", None, set()),
    Attempt("$JS.API.STREAM.LIST", None, set()),
    Attempt("$JS.API.INFO", None, set()),
    Attempt("$JS.API.ACCOUNT.PURGE.LOG", None, set()),
    Attempt("$SYS.REQ.SERVER.PING", None, set()),
    Attempt("$SYS.REQ.ACCOUNT.LOG.INFO", None, set()),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[1, 3], ids=["one server", "three servers"])
async def region(request: pytest.FixtureRequest) -> AsyncIterator[LocalRegion]:
    """The servers of a region of three, with a log and its copies, one event in each."""
    async with local_regions(regions=3, services=0, replicators=0, nats_servers=request.param) as demo:
        region = demo.region(HERE)
        for stream in (OWN, COPY, OTHER_COPY):
            await create_with_one_event(region, stream, replicas=request.param)
        yield region


async def create_with_one_event(region: LocalRegion, stream: str, *, replicas: int) -> None:
    origin = stream.removeprefix("EVENTS_")
    async with a_client(region, LOG_OPERATOR if stream == OWN else COPIES_OPERATOR) as client, asyncio.timeout(30):
        while True:
            with suppress(nats.errors.Error):  # Servers that have just met have nobody yet to ask.
                await client.jetstream().add_stream(
                    name=stream, subjects=[f"events.{origin}.epoch.>"], num_replicas=replicas
                )
                await client.jetstream().publish(event(origin), b"{}")
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
    for user, streams in ((LOG_OPERATOR, [OWN]), (COPIES_OPERATOR, [COPY, OTHER_COPY])):
        async with a_client(region, user) as client:
            for stream in streams:
                found[stream] = (await client.jetstream().stream_info(stream)).state.last_seq
    return found


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", sorted(EVERYBODY))
@pytest.mark.parametrize("attempt", TABLE, ids=lambda attempt: attempt.subject)
async def test_a_role_may_ask_for_what_it_needs_and_nobody_else_may(
    region: LocalRegion, attempt: Attempt, user: str
) -> None:
    before = await ends(region)
    async with a_client(region, user) as client:
        body = b"" if attempt.body is None else json.dumps(attempt.body).replace("{user}", user).encode()
        try:
            answer = await client.request(attempt.subject, body, timeout=SECONDS)
        except (nats.errors.NoRespondersError, nats.errors.TimeoutError):
            assert user not in attempt.may
            assert await ends(region) == before
        else:
            assert user in attempt.may, answer.data
            assert "not enabled" not in answer.data.decode()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", sorted(EVERYBODY))
async def test_an_answer_cannot_be_sent_into_a_log(region: LocalRegion, user: str) -> None:
    before = await ends(region)
    async with a_client(region, user) as client:
        for origin in (HERE, FAR, FARTHER):
            await client.publish(api("STREAM.INFO", OWN), b"", reply=event(origin))
        await client.flush()
        await client.request(api("STREAM.INFO", OWN), b"", timeout=SECONDS)  # Answered after those.
    assert await ends(region) == before


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", [SERVICE, REPLICATOR, PEER])
@pytest.mark.parametrize("deliver", [event(HERE), event(FAR), api("STREAM.DELETE", OWN), api("STREAM.PURGE", COPY)])
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
@pytest.mark.parametrize(
    ("user", "announced", "is_heard"),
    [
        (REPLICATOR, HERE, True),
        (REPLICATOR, FAR, False),
        (PEER, FAR, True),
        (PEER, HERE, False),
        (PEER, FARTHER, False),
        (SERVICE, HERE, False),
        (OBSERVER, HERE, False),
    ],
)
async def test_a_region_announces_its_own_watermarks_only(
    region: LocalRegion, user: str, announced: str, *, is_heard: bool
) -> None:
    async with a_client(region, SERVICE) as service, a_client(region, OBSERVER) as observer:
        heard = await heard_by(service), await heard_by(observer)
        async with a_client(region, user) as client, a_client(region, REPLICATOR) as own:
            await client.publish(f"watermarks.{announced}", b"this")
            await client.flush()
            await own.publish(f"watermarks.{HERE}", b"after")
            async with asyncio.timeout(5):
                while not all("after" in one for one in heard):
                    await asyncio.sleep(0.01)
        assert ["this" in one for one in heard] == [is_heard, is_heard]


async def heard_by(client: Client) -> list[str]:
    """What is announced to it from now on."""
    heard: list[str] = []

    async def on_message(message: Msg) -> None:
        heard.append(message.data.decode())

    await client.subscribe("watermarks.*", cb=on_message)
    await client.flush()
    return heard


@pytest.mark.asyncio(loop_scope="module")
async def test_a_role_hears_no_other_role(region: LocalRegion) -> None:
    """Neither its questions nor its answers, nor the events that it follows."""
    heard: list[str] = []

    async def on_message(message: Msg) -> None:
        heard.append(message.subject)

    async with a_client(region, PEER) as spy, a_client(region, peer(Region(FARTHER))) as other:
        await spy.subscribe(">", cb=on_message)
        await spy.flush()
        subscription = await other.subscribe(f"deliver.{peer(Region(FARTHER))}.y")
        body = json.dumps(follow(OWN, f"deliver.{peer(Region(FARTHER))}.y")).encode()
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

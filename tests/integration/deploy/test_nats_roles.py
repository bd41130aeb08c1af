"""At NATS each role may do what it needs and nothing else. Every line of the table is tried on a real server."""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import nats
import nats.errors
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import StreamConfig

from deploy.local import LocalRegion, local_regions
from deploy.local.processes.servers import find_servers
from deploy.nats.accounts import COPIES, COPIES_OPERATOR, LOG, LOG_OPERATOR, REPLICATOR, SERVICE, SYSTEM
from tests.nats_roles import (
    OF_ONESELF,
    OF_THE_SYSTEM,
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
"""How often a forbidden message is sent, each time with one that is received."""

SAID_BY_SERVERS = ("$JS.EVENT.", "deliver.")
"""Servers send these in the accounts of the logs: when a consumer ends, and to a consumer of a lost client."""


SERVERS = [pytest.param(1, id="one server"), pytest.param(3, id="three servers", marks=pytest.mark.long)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SERVERS)
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
            with suppress(nats.errors.Error):  # Servers that have just met have no leader yet.
                await client.jetstream().add_stream(
                    name=stream(origin), subjects=[f"events.{origin}.{EPOCH}.>"], num_replicas=replicas
                )
                await client.jetstream().publish(event(origin, EPOCH), b"{}")
                return


@asynccontextmanager
async def a_client(region: LocalRegion, user: str, *, server: int | None = None) -> AsyncIterator[Client]:
    """A client of that server of the region, or of any."""

    async def on_error(_: Exception) -> None:
        """Tests expect refusals."""

    chosen = random.randrange(len(region.nats_servers)) if server is None else server
    client = await nats.connect(region.nats_url_as(user, server=chosen), allow_reconnect=False, error_cb=on_error)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def reaching_the_logs(
    region: LocalRegion, *, server: int, watched_by: Sequence[str] = (LOG_OPERATOR, COPIES_OPERATOR)
) -> AsyncIterator[set[str]]:
    """The subjects that reach the accounts of the logs at one server, answered or not."""
    reached: set[str] = set()

    async def on_message(message: Msg) -> None:
        reached.add(message.subject)

    async with AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(a_client(region, user, server=server)) for user in watched_by]
        for watcher in watchers:
            await watcher.subscribe(">", cb=on_message)
            await watcher.flush()
        yield reached
        for watcher in watchers:
            await watcher.flush()
            await watcher.drain()


async def ends(region: LocalRegion) -> dict[str, tuple[StreamConfig, int, int]]:
    """The configuration, the first and the last sequence of each log."""
    found = {}
    for user, logs in ((LOG_OPERATOR, [OWN]), (COPIES_OPERATOR, [COPY, OTHER_COPY])):
        async with a_client(region, user) as client:
            for log in logs:
                info = await client.jetstream().stream_info(log)
                found[log] = info.config, info.state.first_seq, info.state.last_seq
    return found


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", REGIONS.users)
async def test_a_role_may_send_the_requests_that_it_needs(region: LocalRegion, user: str) -> None:
    """Each request reaches the log and is answered, under `$JS.API` and under the mapped subject."""
    wanted = [attempt for attempt in attempts(REGIONS) if user in attempt.may]
    wanted += as_mapped(wanted)
    async with reaching_the_logs(region, server=0) as reached, a_client(region, user, server=0) as client:
        answers = [await answer_to(client, attempt, user=user, epoch=EPOCH) for attempt in wanted]
    unanswered = [attempt.subject for attempt, answer in zip(wanted, answers, strict=True) if answer is None]
    assert [subject for subject in unanswered if not subject.startswith("$JS.FC.")] == []
    assert not any(answer and b"not enabled" in answer for answer in answers)
    about_logs = {attempt.subject.format(epoch=EPOCH) for attempt in wanted} - set(OF_ONESELF)
    assert {subject for subject in about_logs if subject[0] != "a"} <= reached


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", REGIONS.users)
async def test_a_role_may_send_no_other_requests(region: LocalRegion, user: str) -> None:
    """No other request is answered. None reaches the log, whether or not a server there would answer or obey it."""
    unwanted = [attempt for attempt in attempts(REGIONS) if user not in attempt.may]
    unwanted += as_mapped(unwanted)
    before = await ends(region)
    async with reaching_the_logs(region, server=0) as reached, a_client(region, user, server=0) as client:
        answers = await asyncio.gather(*(answer_to(client, attempt, user=user, epoch=EPOCH) for attempt in unwanted))
    answered = [attempt.subject for attempt, answer in zip(unwanted, answers, strict=True) if answer is not None]
    assert answered == []
    tried = {attempt.subject.format(epoch=EPOCH, server="") for attempt in unwanted}
    assert {subject for subject in reached if subject in tried or not subject.startswith(SAID_BY_SERVERS)} == set()
    assert await ends(region) == before


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("user", "other", "others_logs"),
    [(LOG_OPERATOR, COPIES_OPERATOR, [COPY, OTHER_COPY]), (COPIES_OPERATOR, LOG_OPERATOR, [OWN])],
)
async def test_an_operator_of_some_logs_reaches_neither_other_logs_nor_the_system_account(
    region: LocalRegion, user: str, other: str, others_logs: list[str]
) -> None:
    """A user may have a stream of the same name in its own account. That is not a log of a region."""
    of_others = [one for one in attempts(REGIONS) if any(log in one.subject for log in others_logs)]
    of_others = [one for one in of_others if not one.subject.startswith("$JS.API.STREAM.CREATE.")]
    of_others += [one for one in attempts(REGIONS) if one.subject.startswith("events.")]
    of_the_system = [one for one in attempts(REGIONS) if one.subject in {*OF_THE_SYSTEM} - {*OF_ONESELF}]
    before = await ends(region)
    async with (
        reaching_the_logs(region, server=0, watched_by=[other]) as reached,
        a_client(region, user, server=0) as client,
    ):
        answers = await asyncio.gather(
            *(answer_to(client, one, user=user, epoch=EPOCH) for one in of_the_system + of_others)
        )
    assert [one.subject for one, answer in zip(of_the_system, answers, strict=False) if answer is not None] == []
    assert {subject for subject in reached if not subject.startswith(SAID_BY_SERVERS)} == set()
    after = await ends(region)
    assert [after[log] for log in others_logs] == [before[log] for log in others_logs]


def as_mapped(attempts: Iterable[Attempt]) -> list[Attempt]:
    """The same requests under the prefix that a role's account has for JetStream's API."""
    return [
        attempt._replace(subject=attempt.subject.replace("$JS.API.", "api.", 1))
        for attempt in attempts
        if attempt.subject.startswith("$JS.API.")
    ]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", REGIONS.users)
async def test_an_answer_cannot_be_sent_into_a_log(region: LocalRegion, user: str) -> None:
    before = await ends(region)
    async with a_client(region, user) as client:
        for origin in (HERE, FAR, FARTHER):
            await client.publish(api("STREAM.INFO", OWN), b"", reply=event(origin, EPOCH))
        await client.flush()
        await client.request(
            api("STREAM.INFO", OWN), b"", timeout=SECONDS
        )  # The server answers this one after the others.
    assert await ends(region) == before


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", REGIONS.users)
async def test_a_server_tells_each_user_only_about_itself(region: LocalRegion, user: str) -> None:
    """This holds whatever account the request names."""
    told = []
    async with a_client(region, LOG_OPERATOR), a_client(region, user) as client:
        for subject in OF_ONESELF:
            for account in (LOG, COPIES, SYSTEM):
                body = json.dumps({"auth": True, "acc": account, "accounts": [account]}).encode()
                answer = await client.request(subject, body, timeout=5)
                told.append(json.loads(answer.data)["data"])
    accounts = {about["account"] for about in told if "account" in about}
    accounts |= {connection["account"] for about in told for connection in about.get("connections", ())}
    accounts |= {count["acc"] for about in told for count in about.get("account_statz", ())}
    assert accounts == {user.upper()}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", [SERVICE, REPLICATOR, PEER])
@pytest.mark.parametrize(
    "deliver",
    [
        *(event(region, EPOCH) for region in REGIONS),
        *(api(action, log) for action in ("STREAM.DELETE", "STREAM.PURGE") for log in REGIONS.logs),
    ],
)
async def test_events_of_a_log_can_neither_be_delivered_into_a_log_nor_act_as_commands(
    region: LocalRegion, user: str, deliver: str
) -> None:
    """Nor can an event with forged headers, which name an operator as its sender."""
    forged = {"Nats-Request-Info": json.dumps({"acc": LOG, "user": LOG_OPERATOR})}
    async with a_client(region, SERVICE) as client:
        await client.request(event(HERE, EPOCH), b"{}", headers=forged, timeout=5)
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
    """It is sent repeatedly. Servers pass messages on only after they have exchanged subscriptions."""
    async with (
        a_client(region, SERVICE) as service,
        a_client(region, said.user) as client,
        a_client(region, REPLICATOR) as own,
        asyncio.timeout(30),
    ):
        heard = await heard_by(service)
        while heard.count(b"known") < TIMES or (said.is_heard and b"this" not in heard):
            await client.publish(f"watermarks.{said.region}", b"this")
            await client.flush()
            await own.publish(f"watermarks.{HERE}", b"known")
            await own.flush()
    assert (b"this" in heard) is said.is_heard


@pytest.mark.asyncio(loop_scope="module")
async def test_a_role_receives_no_messages_of_another_role(region: LocalRegion) -> None:
    """These are its requests, their answers, and the events that it follows."""
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
async def test_a_login_without_the_right_password_is_refused(region: LocalRegion, url: str) -> None:
    async def on_error(_: Exception) -> None:
        """The error is also raised."""

    client = Client()
    with pytest.raises(nats.errors.Error, match="Authorization Violation"):
        await client.connect(
            url.format(port=region.nats_ports[0]), allow_reconnect=False, max_reconnect_attempts=1, error_cb=on_error
        )
    await client.close()


def test_the_table_has_every_subject_of_the_servers_jetstream_api() -> None:
    """The subjects are read from the server's program, where other words may follow them immediately."""
    program = find_servers().nats.path.read_bytes()
    words = re.findall(rb"\$JS\.API\.[A-Z_]{4,}(?:\.(?:[A-Z_]+|%s|\*|>))*", program)
    there = {re.sub(r"\.?(\*|%s|>)", "", word.decode()) for word in words}
    tried = {re.sub(r"\.(EVENTS_\S+|MINE\S*|LOG|COPIES)", "", one.subject) for one in attempts(REGIONS)}
    assert len(there) > 25
    assert [one for one in there if not any(one.startswith(its) or its.startswith(f"{one}.") for its in tried)] == []

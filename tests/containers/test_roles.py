"""The logins that the regions of docker-compose.yml accept, and what no login may do, tried over the network."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import nats.errors
import pytest
import redis.asyncio
import redis.exceptions
from nats.aio.client import Client

from core.positions import Region
from deploy.certificates import Use, new_authority
from deploy.local.network.ports import LOCALHOST
from deploy.nats.accounts import COPIES_OPERATOR, LOG_OPERATOR, REPLICATOR, SERVICE, peer
from deploy.redis.configuration import OPERATOR
from runtime.credentials import Login
from tests.containers.composed import REGIONS
from tests.containers.ways_in import CONNECT_SECONDS_MAX, WaysIn
from tests.nats_roles import Regions, announcements, answer_to, api, attempts, event, heard_by, stream
from tests.redis_roles import CONNECTS, PERMITTED, READS, allowed, client_of, forbidden_to, from_a_script, rules_of

pytestmark = [pytest.mark.containers, pytest.mark.asyncio(loop_scope="module")]

SEEN_FROM = [Regions(*REGIONS[index:], *REGIONS[:index]) for index in range(len(REGIONS))]
"""Each region with the two others."""


def volume_of(here: str, user: str) -> str:
    """The volume with the certificate that a user shows at the NATS of `here`."""
    if user.startswith("peer-"):
        return f"{user.removeprefix('peer-')}-replicator"
    return f"{here}-{user}" if user in {SERVICE, REPLICATOR} else "operator"


@asynccontextmanager
async def a_client(inside: WaysIn, here: str, user: str) -> AsyncIterator[Client]:
    """A user of the NATS of `here`, with the user's certificate."""
    url = inside.regions[Region(here)].nats_url_as(user)
    client = await inside.connect_with(inside.shows(volume_of(here, user)), url, server=here)
    try:
        yield client
    finally:
        await client.close()


async def logs(inside: WaysIn, regions: Regions) -> dict[str, tuple[str, int]]:
    """The epoch and the end of each log in a region."""
    found = {}
    for origin in regions:
        async with a_client(
            inside, regions.here, LOG_OPERATOR if origin == regions.here else COPIES_OPERATOR
        ) as client:
            info = await client.jetstream().stream_info(stream(origin))
            assert info.config.subjects is not None
            found[origin] = info.config.subjects[0].split(".")[2], info.state.last_seq
    return found


@pytest.mark.parametrize(
    ("regions", "user"),
    [(regions, user) for regions in SEEN_FROM for user in regions.users],
    ids=lambda value: value if isinstance(value, str) else value.here,
)
async def test_everything_that_a_role_may_not_do_at_nats_is_refused(
    inside: WaysIn, regions: Regions, user: str
) -> None:
    """Permitted requests are not tried: all other tests need them. The logs are real, so no events are made up."""
    before = await logs(inside, regions)
    forbidden = [
        (attempt, epoch)
        for attempt in attempts(regions)
        if user not in attempt.may
        for epoch in (dict.fromkeys(epoch for epoch, _ in before.values()) if attempt.is_of_an_epoch else [""])
    ]
    async with a_client(inside, regions.here, user) as client:
        answers = await asyncio.gather(
            *(answer_to(client, attempt, user=user, epoch=epoch) for attempt, epoch in forbidden)
        )
        info = await client.request(api("STREAM.INFO", regions.own), b"", timeout=5)
    assert len(answers) > 200
    assert [answer for answer in answers if answer is not None] == []
    assert regions.own.encode() in info.data
    assert await logs(inside, regions) == before


@pytest.mark.parametrize("regions", SEEN_FROM, ids=lambda regions: regions.here)
async def test_no_role_can_put_answers_into_a_log(inside: WaysIn, regions: Regions) -> None:
    before = await logs(inside, regions)
    for user in regions.users:
        async with a_client(inside, regions.here, user) as client:
            for origin, (epoch, _) in before.items():
                await client.publish(api("STREAM.INFO", regions.own), b"", reply=event(origin, epoch))
            await client.request(api("STREAM.INFO", regions.own), b"", timeout=5)  # Answered after those.
    assert await logs(inside, regions) == before


@pytest.mark.parametrize("regions", SEEN_FROM, ids=lambda regions: regions.here)
async def test_no_region_can_announce_for_another(inside: WaysIn, regions: Regions) -> None:
    """The region's own replicators announce several times a second.

    So an announcement made now arrives before theirs.
    """
    async with a_client(inside, regions.here, SERVICE) as service:
        heard = await heard_by(service)
        for said in announcements(regions):
            if not said.is_heard:
                async with a_client(inside, regions.here, said.user) as client:
                    await client.publish(f"watermarks.{said.region}", b"a lie")
                    await client.flush()
        so_far = len(heard)
        async with asyncio.timeout(10):
            while len(heard) < so_far + 3:
                await asyncio.sleep(0.01)
    assert b"a lie" not in heard


async def greeting(port: int, context: ssl.SSLContext | None, *, server: str | None = None, said: bytes = b"") -> bytes:
    """The greeting of a NATS. Raises `ssl.SSLError` if one side refuses the other's certificate."""
    async with asyncio.timeout(CONNECT_SECONDS_MAX):
        reader, writer = await asyncio.open_connection(LOCALHOST, port, ssl=context, server_hostname=server)
        try:
            writer.write(said)
            return await reader.read(1_000)
        finally:
            writer.close()


@pytest.mark.parametrize("here", REGIONS)
async def test_nats_greets_only_clients_with_a_client_certificate(inside: WaysIn, here: Region) -> None:
    """It refuses no certificate, a NATS server's certificate, and a self-signed one."""
    now = datetime.now(UTC)
    port = inside.regions[here].nats_port
    welcome = [inside.shows(f"{region}-{role}") for region in REGIONS for role in (SERVICE, REPLICATOR)]
    forged = new_authority(now=now).issue(here, "service", use=Use.CLIENT, now=now)
    unwelcome = [
        inside.trusts(),
        inside.shows_identity(forged.certificate, forged.key),
        *(inside.shows(f"{region}-nats") for region in REGIONS),
    ]
    for context in welcome:
        assert (await greeting(port, context, server=here)).startswith(b"INFO ")
    for context in unwelcome:
        with pytest.raises(ssl.SSLError, match=r"(?i)certificate|unknown_ca"):
            await greeting(port, context, server=here)


@pytest.mark.parametrize("here", REGIONS)
async def test_no_region_can_stand_in_for_another(inside: WaysIn, here: Region) -> None:
    """The certificate of its NATS names that region and no other."""
    for other in REGIONS:
        if other != here:
            with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
                await greeting(inside.regions[here].nats_port, inside.shows(f"{other}-replicator"), server=other)


@pytest.mark.parametrize("here", REGIONS)
async def test_nats_says_nothing_without_tls(inside: WaysIn, here: Region) -> None:
    """So no client is asked for a password in the clear."""
    said = await greeting(inside.regions[here].nats_port, None, said=b'CONNECT {"verbose":true}\r\nPING\r\n')
    assert b"INFO" not in said
    assert b"PONG" not in said


@pytest.mark.parametrize("here", REGIONS)
async def test_nats_refuses_another_regions_password_and_a_missing_one(inside: WaysIn, here: Region) -> None:
    """They are refused for the user of the same name and, with the region's own certificate, for a peer."""
    way = inside.regions[here]
    at = f"tls://{LOCALHOST}:{way.nats_port}"
    logins = [Login("nobody", "wrong"), Login(SERVICE, "wrong")]
    for other in REGIONS:
        if other != here:
            passwords = inside.regions[other].nats_passwords
            logins += [Login(user, passwords[user]) for user in (SERVICE, REPLICATOR, LOG_OPERATOR)]
            logins += [Login(peer(other), passwords[REPLICATOR]), Login(peer(other), passwords[peer(here)])]
    for url in (at, *(login.into(at) for login in logins)):
        with pytest.raises(nats.errors.Error, match="Authorization Violation"):
            await inside.connect_with(inside.shows(f"{here}-service"), url, server=here)


@pytest.mark.parametrize("here", REGIONS)
@pytest.mark.parametrize("user", PERMITTED)
async def test_everything_that_a_role_may_not_do_in_redis_is_refused(inside: WaysIn, here: Region, user: str) -> None:
    way = inside.regions[here]
    calls = await forbidden_to(user, operator_url=way.redis_url)
    reads = [permitted.call for permitted in (*CONNECTS, *READS)]
    async with client_of(way.redis_url_as(user)) as client:
        assert await allowed(client.execute_command, calls) == []
        assert await allowed(from_a_script(client), calls) == []
        assert await allowed(client.execute_command, reads) == reads
    assert len(calls) > 200
    assert await rules_of(user, operator_url=way.redis_url) == {
        f"+{permitted.command}" for permitted in PERMITTED[user]
    }


@pytest.mark.parametrize("here", REGIONS)
async def test_redis_refuses_another_regions_password_and_a_missing_one(inside: WaysIn, here: Region) -> None:
    at = f"redis://{LOCALHOST}:{inside.regions[here].redis_port}/0"
    logins = [Login("default", "default"), Login("nobody", "wrong"), Login(SERVICE, "wrong")]
    logins += [
        Login(user, inside.regions[other].redis_passwords[user])
        for other in REGIONS
        if other != here
        for user in (SERVICE, REPLICATOR, OPERATOR)
    ]
    for url in (at, *(login.into(at) for login in logins)):
        async with redis.asyncio.Redis.from_url(url) as client:
            with pytest.raises(redis.exceptions.AuthenticationError):
                await client.ping()

"""A process changes its logins while it works: the new connection is made before the old one is given up."""

import asyncio
import ssl
import time

import pytest

from adapters.changed_secrets import Secured
from adapters.connection import HANDOVER_SECONDS, open_connection
from adapters.errors import Unavailable
from adapters.projection import open_projection
from core.positions import Region
from core.topology import RegionConfig, Topology
from deploy.local import LocalRegion
from deploy.nats.accounts import LOG_OPERATOR
from runtime.credentials import Login
from tests.integration.adapters.logs import until
from tests.integration.adapters.runs import Raw

US = Region("us-iowa")


def wrong(url: str) -> str:
    return Login("service", "not-the-password").into(url)


async def test_a_connection_goes_over_to_another_login_and_lets_the_old_session_finish(region: LocalRegion) -> None:
    changes: list[str | None] = []
    async with open_connection([region.nats_url_as("service")], name="a test", on_change=changes.append) as connection:
        old = await connection.session()
        await connection.use([region.nats_url_as(LOG_OPERATOR)], tls=None)
        new = connection.current
        assert new is not old
        assert old.is_replaced
        assert not old.is_lost, "requests on it are still answered"
        assert new.new_delivery_subject().startswith(f"deliver.{LOG_OPERATOR}.")
        begin = time.monotonic()
        await until(lambda: old.is_lost)
        assert time.monotonic() - begin < HANDOVER_SECONDS + 2
        assert connection.current is new
        assert changes == [None, None], "there was a session all the time"


async def test_after_the_change_a_lost_session_is_dialled_with_the_new_login(region: LocalRegion) -> None:
    async with open_connection([region.nats_url_as("service")], name="a test") as connection:
        await connection.session()
        await connection.use([region.nats_url_as(LOG_OPERATOR)], tls=None)
        await connection.current.close()
        await until(lambda: not connection.is_connected)
        dialled = await connection.session()
        assert dialled.new_delivery_subject().startswith(f"deliver.{LOG_OPERATOR}.")


async def test_a_login_that_is_refused_changes_nothing(region: LocalRegion) -> None:
    async with open_connection([region.nats_url_as("service")], name="a test") as connection:
        session = await connection.session()
        with pytest.raises(Unavailable, match="Authorization Violation"):
            await connection.use([wrong(region.nats.url)], tls=None)
        assert connection.current is session
        await session.close()
        await until(lambda: not connection.is_connected)
        await connection.session()


async def test_a_connection_that_never_had_a_session_gets_one_by_the_right_login(region: LocalRegion) -> None:
    async with open_connection([wrong(region.nats.url)], name="a test") as connection:
        await until(lambda: "Authorization" in connection.why_not)
        await connection.use([region.nats_url_as("service")], tls=None)
        session = connection.current
        await asyncio.sleep(0)
        await session.close()
        await until(lambda: not connection.is_connected)
        await connection.session()


async def test_the_same_login_again_makes_no_connection(region: LocalRegion) -> None:
    async with open_connection([region.nats_url_as("service")], name="a test") as connection:
        session = await connection.session()
        await connection.use([region.nats_url_as("service")], tls=None)
        assert connection.current is session
        assert not session.is_replaced


async def test_redis_is_asked_with_the_new_login_from_then_on(region: LocalRegion, raw: Raw) -> None:
    async with open_projection(region.redis_url_as("replicator"), region=US) as projection:
        await projection.observe()
        with pytest.raises(Unavailable, match="AuthenticationError"):
            await projection.use(wrong(region.redis.url), tls=None)
        await projection.observe()
        await projection.use(region.redis_url, tls=None)
        await asyncio.gather(*(projection.observe() for _ in range(8)))
        users = {client["user"] for client in await raw.client_list() if client["cmd"].startswith("evalsha")}
        assert users == {"operator"}


async def test_a_region_that_does_not_answer_delays_no_other_connection(region: LocalRegion) -> None:
    away = Region("asia-japan")
    nowhere = "nats://service:x@127.0.0.1:1"
    async with (
        open_connection([region.nats_url_as("service")], name="here") as here,
        open_connection([nowhere], name="away") as elsewhere,
        open_projection(region.redis_url_as("service"), region=US) as projection,
    ):
        await here.session()
        secured = Secured(US, {US: here, away: elsewhere}, projection)
        topology = Topology(
            regions={
                US: RegionConfig(nats=[region.nats_url_as(LOG_OPERATOR)], redis=region.redis_url_as("service")),
                away: RegionConfig(nats=["nats://service:y@127.0.0.1:1"]),
            }
        )
        why_not = await secured.use(topology, ssl.create_default_context())
        assert why_not.startswith("NATS of asia-japan: ")
        assert here.current.new_delivery_subject().startswith(f"deliver.{LOG_OPERATOR}.")

"""Secrets are changed while every region takes writes: no request is refused, and no event is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import nats
import nats.errors
import pytest
import pytest_asyncio
from click.testing import CliRunner, Result
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from cli.__main__ import main
from core.positions import Region
from deploy.kept_logins import rotation_in
from deploy.local import LocalRegions, local_regions
from deploy.local.control.fulfilling import fulfilling
from deploy.local.control.server import control_server
from deploy.local.secrets import valid_logins_in, vault_of
from deploy.nats.accounts import SECOND
from tests.documents import DOCS, blocks
from tests.e2e.callers import calling_all
from tests.e2e.evidence import check, settled
from tests.e2e.keyed_writes import check_written, under_keyed_load

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "changing"
HERE = Region("us-iowa")
DRILL = (DOCS / "operations" / "secrets.md").read_text()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalRegions]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("t")))
        async with local_regions(round_trips=20.0) as regions, control_server(NAME) as control:
            control.fulfil = fulfilling(regions)
            yield regions


async def secrets(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, ["secrets", *arguments, "--name", NAME])


def passwords(demo: LocalRegions, server: str) -> dict[str, str]:
    accepted = valid_logins_in(vault_of(demo.data), [Region(name) for name in demo.regions]).accepted
    return dict((accepted.nats if server == "nats" else accepted.redis)[HERE])


async def takes(demo: LocalRegions, user: str, password: str) -> bool:
    """Whether Iowa's NATS takes a login. A client that is refused would leave its socket open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", demo.region(HERE).nats_ports[0])
    try:
        async with asyncio.timeout(10):
            await reader.readline()
            login = json.dumps({"user": user, "pass": password, "verbose": False})
            writer.write(f"CONNECT {login}\r\nPING\r\n".encode())
            return await reader.readline() == b"PONG\r\n"
    finally:
        writer.close()


def lines_of_the_drill() -> list[list[str]]:
    """The arguments of every `crosshook secrets` in the document's blocks about a demo."""
    text = DRILL.partition("## Docker Compose")[0]
    lines = "\n".join(blocks(text, "sh")).splitlines()
    return [line.split("#")[0].split()[2:] for line in lines if line.startswith("crosshook secrets ")]


@pytest.mark.long
async def test_the_drill_refuses_no_request_and_loses_no_event(demo: LocalRegions) -> None:
    drill = lines_of_the_drill()
    changed = [words[1] for words in drill if words[0] == "rotate" and "--dry-run" not in words]
    assert len(changed) >= 5, "logins of services, replicators, peers and operators, at NATS and at Redis"
    old = {"nats": passwords(demo, "nats"), "redis": passwords(demo, "redis")}
    pids = {process.name: process.pid for process in demo.processes}
    async with calling_all(demo) as callers:
        async with under_keyed_load(list(callers.values()), writers=6) as load:
            for words in drill:
                before = len(load.accepted)
                result = await secrets(*words)
                assert result.exit_code == 0, result.output
                assert words[0] != "rotate" or "--dry-run" in words or "is changed" in result.output
                async with asyncio.timeout(20):
                    while len(load.accepted) < before + 6:
                        await asyncio.sleep(0.02)
        assert set(load.told) == {201}, load.told
    assert {process.name: process.pid for process in demo.processes} == pids, "nothing was restarted"
    evidence = await settled(demo)
    check(evidence)
    check_written(evidence, load.writes)
    for name in changed:
        region, server, user = name.split("/")
        assert region == HERE
        assert passwords(demo, server)[user] != old[server][user], name
        if server == "nats":
            assert await takes(demo, user, passwords(demo, server)[user]), name
            assert not await takes(demo, user, old[server][user]), f"the old password of {name} is still taken"
            assert not await takes(demo, f"{user}{SECOND}", passwords(demo, server)[user]), name


async def test_a_connection_with_the_old_password_ends_at_both_servers(demo: LocalRegions) -> None:
    region, closed = demo.region(HERE), asyncio.Event()

    async def on_closed() -> None:
        closed.set()

    async def on_error(_: Exception) -> None:
        """An authorization violation closes the connection."""

    at_nats = await nats.connect(
        region.nats_url_as("service"), allow_reconnect=False, closed_cb=on_closed, error_cb=on_error
    )
    old = region.redis_url_as("service")
    async with Redis.from_url(old, protocol=2, driver_info=None, single_connection_client=True) as at_redis:
        await at_redis.ping()
        await asyncio.sleep(1)  # Redis counts the age of a connection in seconds.
        for name in ("us-iowa/nats/service", "us-iowa/redis/service"):
            assert (await secrets("rotate", name)).exit_code == 0
        async with asyncio.timeout(5):
            await closed.wait()
        with pytest.raises((AuthenticationError, RedisConnectionError)):
            await at_redis.ping()
    with suppress(nats.errors.Error):
        await at_nats.close()


async def test_a_process_that_does_not_follow_stops_the_change_and_a_repeat_finishes_it(
    demo: LocalRegions, monkeypatch: pytest.MonkeyPatch
) -> None:
    (replicator,) = demo.region(HERE).replicators
    vault, old = vault_of(demo.data), passwords(demo, "nats")["replicator"]
    replicator.pause()
    try:
        with monkeypatch.context() as patch:
            patch.setattr("deploy.local.regions.SECRETS_SECONDS_MAX", 1.5)
            stopped = await secrets("rotate", "us-iowa/nats/replicator")
    finally:
        replicator.resume()
    assert stopped.exit_code == 2
    assert "us-iowa/replicator-1" in stopped.output
    assert "Both values stay valid. Continue with" in stopped.output
    rotation = rotation_in(vault)
    assert rotation is not None
    assert await takes(demo, "replicator", old), "what runs can still log in"
    other = await secrets("rotate", "us-iowa/nats/service")
    assert other.exit_code == 2
    assert "finish it first" in other.output
    assert "step " in (await secrets("list")).output
    finished = await secrets("rotate", "us-iowa/nats/replicator")
    assert finished.exit_code == 0, finished.output
    assert passwords(demo, "nats")["replicator"] == rotation.password
    assert not await takes(demo, "replicator", old)
    check(await settled(demo))


async def test_a_dry_run_shows_the_steps_and_changes_nothing(demo: LocalRegions) -> None:
    before = passwords(demo, "nats"), passwords(demo, "redis")
    shown = await secrets("rotate", "us-iowa/nats/service", "--dry-run")
    assert shown.output.count("\n") == 5
    assert (passwords(demo, "nats"), passwords(demo, "redis")) == before
    assert rotation_in(vault_of(demo.data)) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["us-iowa/nats/nobody"], "no secret is named"),
        (["authority"], "there are no certificates"),
        (["us-iowa/nats/routes"], "changed with all secrets only"),
    ],
)
@pytest.mark.usefixtures("demo")
async def test_a_name_that_cannot_be_changed_is_refused_with_one_line(words: list[str], why: str) -> None:
    refused = await secrets("rotate", *words)
    assert refused.exit_code == 2
    assert why in refused.output
    assert refused.output.count("\n") == 1


async def test_regions_that_start_again_from_their_data_have_the_same_logins(tmp_path: Path) -> None:
    async with local_regions(regions=1, data=tmp_path) as first:
        url = first.region(HERE).nats_url
    async with local_regions(regions=1, data=tmp_path) as second:
        assert second.region(HERE).nats_url.rpartition("@")[0] == url.rpartition("@")[0]

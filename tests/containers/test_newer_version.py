"""After the lines of docs/operations/upgrading.md, servers run with the configuration of a newer version."""

import json

import pytest

from deploy.docker.layout import FILES, MONITOR
from tests.containers.commands import ROOT
from tests.containers.composed import REGIONS, Composed

pytestmark = [pytest.mark.containers, pytest.mark.usefixtures("mended")]

HERE = REGIONS[0]
NATS, REDIS = f"{HERE}-nats", f"{HERE}-redis"
BUILD_AND_UP = "docker compose build && docker compose up -d"
INIT_SAID = "docker compose logs --no-log-prefix init"


async def payload_max(composed: Composed) -> int:
    """The `max_payload` of the running NATS."""
    told = await composed.execute(NATS, "wget", "-q", "-O", "-", f"http://{MONITOR}/varz")
    return int(json.loads(told.out)["max_payload"])


async def clients_max(composed: Composed) -> int:
    """The `maxclients` of the running Redis."""
    ask = f"REDISCLI_AUTH=$(cat {FILES}/operator-password) redis-cli --user operator CONFIG GET maxclients"
    told = await composed.execute(REDIS, "sh", "-c", ask)
    return int(told.out.split()[-1])


async def test_after_the_lines_that_init_ends_with_nats_and_redis_have_what_it_configures(composed: Composed) -> None:
    """The old version had another configuration, which the servers have read."""
    text = (ROOT / "docs" / "operations" / "upgrading.md").read_text()
    assert f"`{BUILD_AND_UP}`" in text
    assert f"`{INIT_SAID}`" in text
    files = await composed.files()
    new = await payload_max(composed), await clients_max(composed)
    nats, redis = files[f"{NATS}/nats.conf"], files[f"{REDIS}/redis.conf"]
    await composed.put(NATS, "nats.conf", nats.replace("{", '{"max_payload": 1000000,', 1))
    await composed.put(REDIS, "redis.conf", f"{redis}maxclients 5000\n")
    await composed.compose("restart", NATS, REDIS)
    await composed.ready([NATS, REDIS])
    old = await payload_max(composed), await clients_max(composed)
    assert old == (1_000_000, 5_000)
    assert new != old
    outcome = await composed.paste(BUILD_AND_UP, within_seconds=400)
    assert outcome.code == 0, outcome
    said = (await composed.paste(INIT_SAID)).out.rpartition("Running containers")[2]
    lines = [line.strip() for line in said.splitlines() if line.strip().startswith("docker compose restart")]
    assert lines == [f"docker compose restart {NATS} {REDIS}"]
    assert (await composed.paste("\n".join(lines))).code == 0
    await composed.ready(composed.running)
    assert (await payload_max(composed), await clients_max(composed)) == new
    assert await composed.files() == files

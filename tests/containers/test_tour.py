"""The tour: what the regions of docker-compose.yml do when parts of them are cut, killed, emptied and stopped."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from deploy.local.network.geography import plausible_round_trips
from tests.containers.composed import RUN_ONCE, RUNNING, Composed
from tests.containers.tour_document import lines_of_the_tour
from tests.containers.truth import PATIENCE_SECONDS, becomes_readable, held_true
from tests.containers.ways_in import WaysIn
from tests.e2e.callers import ORGANIZATION, under_load
from tests.http_client import http_client
from tests.keys import Keys

pytestmark = [pytest.mark.containers, pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("mended")]

IOWA, BELGIUM, JAPAN = "us-iowa", "europe-belgium", "asia-japan"
DISTANCES = plausible_round_trips((IOWA, BELGIUM, JAPAN))

UP = "docker compose up -d"
GUIDE = "docker compose logs -f --no-log-prefix guide"
CUT = "docker compose exec asia-japan-link crosshook link cut"
HEAL = "docker compose exec asia-japan-link crosshook link heal"
DELAY = "docker compose exec us-iowa-link crosshook link delay us-iowa europe-belgium 400"
LAG = "docker compose run --rm crosshook lag"
KEYS = "docker compose run --rm crosshook keys --help"
KILL = "docker compose kill us-iowa-replicator-1"
START = "docker compose start us-iowa-replicator-1"
EMPTY = (
    "docker compose exec asia-japan-redis sh -c"
    " 'REDISCLI_AUTH=$(cat /etc/crosshook/operator-password) redis-cli --user operator FLUSHALL'"
)
READ_THERE = (
    "curl -sS -w '\\n%{http_code}\\n' localhost:8083/organizations/webhooks"
    ' -H "SlashID-OrgID: $ORG" -H "SlashID-API-Key: $KEY" -H \'SlashID-Required-Consistency-Timeout: 1\''
)
STOP_REGION = "docker compose stop $(docker compose config --services | grep ^asia-japan)"
START_REGION = "docker compose start $(docker compose config --services | grep ^asia-japan)"
BY_NAME = (
    "docker compose exec us-iowa-replicator-1 python -c"
    " 'import socket; socket.create_connection((\"asia-japan-nats\", 4222), 3)'"
)
FIND_ADDRESS = (
    "JAPAN=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'"
    " $(docker compose ps -q asia-japan-nats))"
)
BY_ADDRESS = (
    "docker compose exec us-iowa-replicator-1 python -c"
    " \"import socket; socket.create_connection(('$JAPAN', 4222), 3)\""
)
TRIED = [UP, GUIDE, CUT, HEAL, DELAY, LAG, KEYS, KILL, START, EMPTY, READ_THERE, STOP_REGION, START_REGION]
TRIED += [BY_NAME, FIND_ADDRESS, BY_ADDRESS]
NOT_TRIED = [
    "RTT=0 docker compose up -d",  # What a link makes of it: tests/unit/deploy/test_uplink.py.
    "docker compose --profile grafana up -d",  # One more image to pull, for what tests/unit/deploy looks at.
    "docker compose --profile grafana down -v",  # Without the profile: test_from_nothing.py.
]


async def pasted(composed: Composed, *lines: str) -> str:
    """The output of pasted lines, which must not fail."""
    outcome = await composed.paste("\n".join(["set -e", *lines]))
    assert outcome.code == 0, outcome
    return outcome.out


async def on_the_lag_page(url: str, is_shown: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first message that the page receives."""
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        http_client(url) as client,
        client.stream("GET", "/dashboard/events") as answer,
    ):
        async for line in answer.aiter_lines():
            kind, _, value = line.partition(": ")
            if kind == "data" and "cells" in (told := json.loads(value)) and is_shown(told):
                found: dict[str, Any] = told
                return found
    raise AssertionError("the page is told nothing more")


def hears_all(told: Mapping[str, Any]) -> bool:
    """Whether the page shows no region as not heard, and has no note about one. Others may be about old servers."""
    return not silent(told) and not any("Not heard" in note["text"] for note in told["notes"])


def silent(told: Mapping[str, Any]) -> set[str]:
    """The regions that the page shows as not heard."""
    return {region["name"] for region in told["regions"] if region["since_milliseconds"] is not None}


async def test_every_line_of_the_documented_tour_is_tried_here() -> None:
    assert sorted(lines_of_the_tour()) == sorted(TRIED + NOT_TRIED)


async def test_the_guides_lines_do_what_it_says(composed: Composed) -> None:
    # After a second `up` the log has it twice.
    said = (await pasted(composed, GUIDE)).rpartition("ready; organization ")[2]
    register, with_token, everywhere, cut, heal, keys = said.strip().split("\n\n")[2::2]
    steps = [register, with_token, everywhere, cut, everywhere, heal, keys]
    told = (await pasted(composed, "exec 2>&1", "\necho NEXT STEP\n".join(steps))).split("NEXT STEP\n")
    assert '"target_url"' in told[0]
    assert "\n201 after" in told[1]
    assert '"PersonCreated_v1"' in told[1].rpartition("201 after")[2], "a read with the token shows it at once"
    assert "\n201 after" in told[2]
    assert '"PersonDeleted_v1"' in told[2].rpartition("201 after")[2]
    assert "\n408 after" in told[4]
    assert re.search(r'"pending": *\["asia-japan"\]', told[4])
    assert "docker compose up" in told[6], "the name of the key"


async def test_what_is_created_at_either_level_is_read_in_every_region(
    composed: Composed, keys: Keys, inside: WaysIn
) -> None:
    async with composed.callers(keys) as callers:
        everywhere = [await caller.register(level="all_regions") for caller in callers.values()]
        assert [told.status for told in everywhere] == [201, 201, 201]
        for one, origin in zip(everywhere, callers, strict=True):
            assert one.seconds >= max(DISTANCES.seconds(origin, region) for region in callers), "the links' distances"
        assert [await caller.read_status(told.webhook_id) for caller in callers.values() for told in everywhere] == [
            200
        ] * 9
        here = [await caller.register(level="local_region") for caller in callers.values()]
        assert [told.status for told in here] == [201, 201, 201]
        for told, caller in zip(here, callers.values(), strict=True):
            assert await caller.read_status(told.webhook_id) == 200
        assert await callers[IOWA].trigger(everywhere[0].webhook_id, level="all_regions") == 201
        for caller in callers.values():
            await becomes_readable(caller, *here)
    await held_true(inside, [*everywhere, *here])


async def test_a_cut_off_region_is_named_continues_alone_and_has_everything_after_the_heal(
    composed: Composed, keys: Keys, inside: WaysIn
) -> None:
    async with composed.callers(keys) as callers:
        page = await callers[IOWA].client.get("/dashboard")
        assert (page.status_code, page.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
        assert f"`{HEAL}`" in await pasted(composed, CUT)
        late = await callers[IOWA].register(level="all_regions", timeout_seconds=2)
        assert (late.status, late.state) == (408, "committed")
        assert late.body["meta"]["consistency"]["pending"] == [JAPAN]
        alone = [await caller.register(level="local_region") for caller in callers.values()]
        assert [told.status for told in alone] == [201, 201, 201]
        from_iowa = await on_the_lag_page(composed.urls["us-iowa-service-1"], lambda told: silent(told) == {JAPAN})
        assert any(f"Not heard: {JAPAN} since" in note["text"] for note in from_iowa["notes"])
        await on_the_lag_page(composed.urls["asia-japan-service-1"], lambda told: silent(told) == {IOWA, BELGIUM})
        assert re.search(rf"^\W*{JAPAN}, not heard +\S+: ≤ ", await pasted(composed, LAG), re.MULTILINE)
        await pasted(composed, HEAL)
        for caller in callers.values():
            await becomes_readable(caller, *alone)
        await on_the_lag_page(composed.urls["us-iowa-service-1"], hears_all)
        again = await callers[IOWA].register(level="all_regions", timeout_seconds=30)
        assert again.status == 201
    await held_true(inside, [late, *alone, again])


async def test_no_client_notices_that_a_replicator_is_killed(composed: Composed, keys: Keys, inside: WaysIn) -> None:
    async with composed.callers(keys) as callers:
        async with under_load(list(callers.values()), each=2, level="all_regions", pause_seconds=0.2) as load:
            await pasted(composed, KILL)
            before = len(load.of(201))
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(load.of(201)) < before + 40:
                    await asyncio.sleep(0.05)
            assert not (await composed.states())["us-iowa-replicator-1"]["State"]["Running"]
            await pasted(composed, START)
            await composed.ready(["us-iowa-replicator-1"])
        assert {told.status for told in load.told} == {201}
    await held_true(inside, load.told)


async def test_an_emptied_redis_is_rebuilt_and_no_response_is_wrong_meanwhile(
    composed: Composed, keys: Keys, inside: WaysIn
) -> None:
    async with composed.callers(keys) as callers:
        known = [await caller.register(level="all_regions") for caller in callers.values()]
        seen: list[int] = []
        is_over = asyncio.Event()

        async def watch() -> None:
            while not is_over.is_set():
                seen.append(await callers[JAPAN].read_status(known[len(seen) % len(known)].webhook_id))

        async with asyncio.TaskGroup() as group:
            group.create_task(watch())
            assert (await pasted(composed, EMPTY)).strip() == "OK"
            for told in known:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while await callers[JAPAN].read_status(told.webhook_id) != 200:
                        await asyncio.sleep(0.05)
            is_over.set()
        assert {200} < set(seen) <= {200, 503}, "never a 404, nor a 401 since the keys were gone too"
        answer = await pasted(composed, f"ORG={ORGANIZATION} KEY={keys[ORGANIZATION]}", READ_THERE)
        assert answer.endswith("\n200\n")
        after = await callers[IOWA].register(level="all_regions")
        assert after.status == 201
    await held_true(inside, [*known, after])


async def test_a_whole_region_can_be_stopped_and_the_others_continue_to_write(
    composed: Composed, keys: Keys, inside: WaysIn
) -> None:
    async with composed.callers(keys) as callers:
        before = await callers[JAPAN].register(level="local_region")
        await becomes_readable(callers[IOWA], before)
        await pasted(composed, STOP_REGION)
        stopped = {name for name, state in (await composed.states()).items() if not state["State"]["Running"]}
        assert stopped - set(RUN_ONCE) == {name for name in RUNNING if name.startswith(JAPAN)}
        others = [callers[IOWA], callers[BELGIUM]]
        meanwhile = [await caller.register(level="local_region") for caller in others for _ in range(5)]
        assert {told.status for told in meanwhile} == {201}
        late = await callers[BELGIUM].register(level="all_regions", timeout_seconds=2)
        assert (late.status, late.body["meta"]["consistency"]["pending"]) == (408, [JAPAN])
        await becomes_readable(callers[BELGIUM], before, *meanwhile)
        await pasted(composed, START_REGION)
        await composed.ready(stopped - set(RUN_ONCE))
        await becomes_readable(callers[JAPAN], before, *meanwhile)
        after = await callers[JAPAN].register(level="all_regions")
        assert after.status == 201
    await held_true(inside, [before, *meanwhile, late, after])


async def test_a_slow_link_makes_a_write_for_all_regions_slow(composed: Composed, keys: Keys) -> None:
    """A link delays only what its own region dials, so both links get the command."""
    other_way = DELAY.replace("us-iowa-link", "europe-belgium-link")
    async with composed.callers(keys) as callers:
        await pasted(composed, DELAY, other_way)
        slow = await callers[IOWA].register(level="all_regions")
        await pasted(composed, DELAY.replace("400", "100"), other_way.replace("400", "100"))
        assert slow.status == 201
        assert slow.seconds >= 0.4


async def test_there_is_no_way_around_the_links(composed: Composed) -> None:
    by_name = await composed.paste(BY_NAME)
    assert by_name.code != 0
    assert "gaierror" in by_name.error
    by_address = await composed.paste(f"{FIND_ADDRESS}\n{BY_ADDRESS}\nfailed=$?\necho at $JAPAN\nexit $failed")
    assert by_address.code != 0
    assert re.search(r"at \d+\.\d+\.\d+\.\d+", by_address.out)
    assert re.search(r"TimeoutError|unreachable", by_address.error)


async def test_operators_have_help_for_keys(composed: Composed) -> None:
    said = await pasted(composed, KEYS)
    assert all(command in said for command in ("issue", "list", "revoke"))

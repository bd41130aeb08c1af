"""A read with the token of an answer is at least as new as that answer, in any region, or says that it is not."""

import asyncio
import random
from collections.abc import Mapping

import httpx

from core.positions import Region
from core.stamps import origin_code
from core.tokens import parse_token
from deploy.local import local_regions
from tests.e2e.callers import WEBHOOKS, Caller, calling, calling_all, keys_of
from tests.e2e.set_back import restore, written_past_a_copy

HERE, BELGIUM, AWAY = "us-iowa", "europe-belgium", "asia-japan"
TOKEN = "SlashID-Consistency-Token"  # noqa: S105 - the name of a header
TIMEOUT = "SlashID-Required-Consistency-Timeout"


async def create(caller: Caller, number: int | str) -> httpx.Response:
    body = {"name": f"{number}", "target_url": f"https://tokens.example.com/{number}"}
    answer = await caller.client.post(WEBHOOKS, json=body)
    assert answer.status_code == 201, answer.text
    return answer


def path_of(answer: httpx.Response) -> str:
    return f"{WEBHOOKS}/{answer.json()['result']['id']}"


async def test_a_local_write_is_read_at_once_with_its_token_in_every_region_and_without_it_is_not() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        early = 0
        for number in range(10):
            created = await create(callers[HERE], number)
            without = await callers[AWAY].client.get(path_of(created))
            early += without.status_code == 404
            answers = await asyncio.gather(
                *(
                    caller.client.get(path_of(created), headers={TOKEN: created.headers[TOKEN]})
                    for caller in callers.values()
                )
            )
            assert [answer.status_code for answer in answers] == [200, 200, 200]
            assert all(answer.json() == created.json() for answer in answers)
        assert early == 10, "a round trip is 140 ms: without the token it cannot be there"


async def test_a_deletion_is_seen_with_its_token_too() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        created = await create(callers[HERE], "deleted")
        assert (await callers[AWAY].client.get(path_of(created), headers={TOKEN: created.headers[TOKEN]})).is_success
        deleted = await callers[HERE].client.delete(path_of(created))
        gone = await callers[AWAY].client.get(path_of(created), headers={TOKEN: deleted.headers[TOKEN]})
        assert gone.status_code == 404
        listed = await callers[BELGIUM].client.get(WEBHOOKS, headers={TOKEN: gone.headers[TOKEN]})
        assert listed.json()["result"] == []


async def test_a_read_that_waits_ends_with_the_heal_or_in_time_with_who_is_missing() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        await demo.cut(AWAY)
        created = await create(callers[AWAY], "cut")
        headers = {TOKEN: created.headers[TOKEN], TIMEOUT: "1"}
        late = await callers[HERE].client.get(path_of(created), headers=headers)
        assert late.status_code == 408
        assert AWAY in late.json()["errors"][0]["message"]
        # Even what was not reached flows on: the token of that answer is no weaker than the one that was asked with.
        assert origin_code(Region(AWAY)) in parse_token(late.headers[TOKEN])
        waiting = asyncio.create_task(callers[HERE].client.get(path_of(created), headers={**headers, TIMEOUT: "60"}))
        plain = await callers[HERE].client.get(WEBHOOKS)
        assert plain.json()["result"] == [], "who asks for nothing newer does not wait"
        await demo.heal(AWAY)
        assert (await waiting).status_code == 200


async def test_with_each_answers_token_nobody_goes_back_in_time_across_regions_and_a_rebuild_of_redis(
    *, whole: bool
) -> None:
    """One writer counts up; readers go from region to region with what they were last given."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    async with local_regions() as demo, calling_all(demo) as callers:
        path = path_of(await create(callers[HERE], "counted"))
        over = asyncio.Event()
        seen: list[list[int]] = [[] for _ in range(4)]

        async def count_up() -> None:
            number = 0
            while not over.is_set():
                number += 1
                caller = dice.choice([callers[HERE], callers[HERE], callers[BELGIUM]])
                await caller.client.patch(path, json={"name": str(number)})

        async def read_on(numbers: list[int]) -> None:
            token: Mapping[str, str] = {}
            while not over.is_set():
                answer = await dice.choice(list(callers.values())).client.get(path, headers={**token, TIMEOUT: "5"})
                if answer.status_code == 200 and answer.json()["result"]["name"].isdigit():
                    numbers.append(int(answer.json()["result"]["name"]))
                if TOKEN in answer.headers:
                    token = {TOKEN: answer.headers[TOKEN]}
                assert answer.status_code in (200, 404, 408, 503), answer.text
                assert answer.status_code != 404 or not numbers, "it was there before"

        readers = [asyncio.create_task(read_on(numbers)) for numbers in seen]
        counting = asyncio.create_task(count_up())
        for name in (AWAY, HERE, AWAY) if whole else (AWAY, HERE):
            await asyncio.sleep(1)
            redis = demo.region(name).redis
            await redis.stop()
            await redis.erase_files()
            await redis.start()
            await demo.wait_ready()
            await demo.cut(AWAY)
            await asyncio.sleep(0.5)
            await demo.heal(AWAY)
        await asyncio.sleep(1)
        over.set()
        await asyncio.gather(counting, *readers)
        print([len(numbers) for numbers in seen])
        assert all(numbers == sorted(numbers) for numbers in seen), seen
        assert all(len(numbers) > 20 for numbers in seen), "hardly anything was read"


async def test_the_token_of_a_write_that_a_restore_lost_is_a_410_at_once_where_it_was_lost() -> None:
    """The region begins anew, log and all, under another epoch: what the old one had is not to come."""
    settings = {"CROSSHOOK_FIRST_START": "true"}
    async with local_regions(regions=1, settings=settings) as demo, calling_all(demo) as callers:
        region = demo.region(HERE)
        before = await create(callers[HERE], "lost")
        for process in region.processes:
            await process.stop()
        await region.nats.erase_files()
        await region.redis.erase_files()
        for process in region.processes:
            await process.start()
        await demo.wait_ready()
        async with calling(region.http_url, await keys_of(demo)) as again:
            for path in (WEBHOOKS, path_of(before), f"/operations/{before.headers['SlashID-Operation-ID']}"):
                answer = await again.client.get(path, headers={TOKEN: before.headers[TOKEN]})
                assert answer.status_code == 410
                assert "this write was lost" in answer.json()["errors"][0]["message"]
            assert (await again.client.get(WEBHOOKS)).status_code == 200


async def test_a_log_that_a_restore_set_back_keeps_tokens_waiting_and_never_answers_from_before_them() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(HERE)
        older = await written_past_a_copy(demo, region, callers[HERE])
        last = await callers[BELGIUM].client.get(WEBHOOKS)
        token = {TOKEN: last.headers[TOKEN], TIMEOUT: "1"}
        await restore(region, older)
        async with asyncio.timeout(20):
            while await callers[HERE].ready_or_none() is None:
                await asyncio.sleep(0.05)
            while (answer := await callers[HERE].client.get(WEBHOOKS, headers=token)).status_code == 503:
                await asyncio.sleep(0.05)
        assert answer.status_code == 408
        assert (await callers[BELGIUM].client.get(WEBHOOKS, headers=token)).status_code == 200

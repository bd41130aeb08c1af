"""A read with the token of a response is at least as new as that response, in any region, or is refused."""

import asyncio
import itertools
import random
from collections.abc import Mapping

import httpx
import pytest

from adapters.connection import open_connection
from adapters.event_log import EventLog
from core.positions import Epoch, Region, Sequence
from core.stamps import origin_code
from core.tokens import Place, parse_token, render_token
from deploy.local import local_regions
from tests.e2e.callers import WEBHOOKS, Caller, calling, calling_all, fate, keys_of
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


def place_here(answer: httpx.Response) -> Place:
    """The place in the log of `HERE` that the response's token names."""
    return parse_token(answer.headers[TOKEN])[origin_code(Region(HERE))]


async def test_a_local_write_is_read_with_its_token_in_every_region_and_without_it_may_not_be_there_yet() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        for number in range(5):
            await demo.cut(AWAY)
            created = await create(callers[HERE], number)
            assert (await callers[AWAY].client.get(path_of(created))).status_code == 404
            headers = {TOKEN: created.headers[TOKEN]}
            reading = [
                asyncio.create_task(one.client.get(path_of(created), headers=headers)) for one in callers.values()
            ]
            await demo.heal(AWAY)
            answers = await asyncio.gather(*reading)
            assert [answer.status_code for answer in answers] == [200, 200, 200]
            assert all(answer.json() == created.json() for answer in answers)


@pytest.mark.long
async def test_a_deletion_is_seen_with_its_token_too() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        created = await create(callers[HERE], "deleted")
        assert (await callers[AWAY].client.get(path_of(created), headers={TOKEN: created.headers[TOKEN]})).is_success
        deleted = await callers[HERE].client.delete(path_of(created))
        gone = await callers[AWAY].client.get(path_of(created), headers={TOKEN: deleted.headers[TOKEN]})
        assert gone.status_code == 404
        listed = await callers[BELGIUM].client.get(WEBHOOKS, headers={TOKEN: gone.headers[TOKEN]})
        assert listed.json()["result"] == []


@pytest.mark.long
async def test_a_waiting_read_ends_with_the_heal_or_at_its_deadline_with_the_missing_region() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        await demo.cut(AWAY)
        created = await create(callers[AWAY], "cut")
        headers = {TOKEN: created.headers[TOKEN], TIMEOUT: "1"}
        late = await callers[HERE].client.get(path_of(created), headers=headers)
        assert late.status_code == 408
        assert AWAY in late.json()["errors"][0]["message"]
        # The token of the 408 is at least as new as the token of the request.
        assert origin_code(Region(AWAY)) in parse_token(late.headers[TOKEN])
        waiting = asyncio.create_task(callers[HERE].client.get(path_of(created), headers={**headers, TIMEOUT: "60"}))
        plain = await callers[HERE].client.get(WEBHOOKS)
        assert plain.json()["result"] == [], "a request for nothing newer does not wait"
        await demo.heal(AWAY)
        assert (await waiting).status_code == 200


@pytest.mark.long
async def test_with_each_responses_token_no_client_goes_back_in_time_across_regions_and_a_rebuild_of_redis() -> None:
    """One writer counts up. Readers go from region to region with their last token."""
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
        for name in (AWAY, HERE, AWAY):
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


@pytest.mark.long
async def test_the_token_of_a_write_lost_by_a_restore_returns_410_at_once_and_an_earlier_one_is_fine() -> None:
    """The log begins anew with another epoch, which records where it left the old one."""
    settings = {"CROSSHOOK_FIRST_START": "true"}
    async with local_regions(regions=1, settings=settings) as demo, calling_all(demo) as callers:
        region = demo.region(HERE)
        kept, lost = await create(callers[HERE], "kept"), await create(callers[HERE], "lost")
        old, left = place_here(kept), place_here(lost).sequence
        for process in region.processes:
            await process.stop()
        await region.nats.erase_files()
        await region.redis.erase_files()
        await region.nats.start()
        await region.nats.wait_ready()
        async with open_connection([region.nats_url], name="a restore") as connection:
            await connection.session()
            log = EventLog(connection, Region(HERE))
            await log.create(Epoch("anew"), replicas=1, ancestors=((old.epoch, old.sequence),))
        for process in region.processes:
            await process.start()
        await demo.wait_ready()
        async with calling(region.http_url, await keys_of(demo)) as again:
            # One message has several events, so how many fill the new log up to the lost one's place is not known.
            for number in itertools.count():
                if place_here(await create(again, number)).sequence >= left:
                    break
            for path in (WEBHOOKS, path_of(lost), f"/operations/{lost.headers['SlashID-Operation-ID']}"):
                answer = await again.client.get(path, headers={TOKEN: lost.headers[TOKEN]})
                assert answer.status_code == 410
                assert "this write was lost" in answer.json()["errors"][0]["message"]
            answer = await again.client.get(WEBHOOKS, headers={TOKEN: kept.headers[TOKEN]})
            assert answer.status_code == 200
            assert place_here(answer).epoch == "anew"
            # At that place the present log has an event of another operation and epoch. No region answers `never`.
            assert (await fate(again, lost.headers["SlashID-Operation-ID"]))["state"] == "unknown"


@pytest.mark.long
async def test_a_token_of_an_epoch_that_is_not_known_here_may_be_of_a_later_one_and_is_waited_for() -> None:
    async with local_regions(regions=1) as demo, calling_all(demo) as callers:
        unknown = {origin_code(Region(HERE)): Place(Epoch("tomorrow"), Sequence(1))}
        headers = {TOKEN: render_token(unknown), TIMEOUT: "1"}
        read = await callers[HERE].client.get(WEBHOOKS, headers=headers)
        assert read.status_code == 408
        body = {"name": "a", "target_url": "https://tokens.example.com/later"}
        written = await callers[HERE].client.post(WEBHOOKS, json=body, headers=headers)
        assert written.status_code == 201
        for answer in (read, written):
            assert parse_token(answer.headers[TOKEN]) == unknown, "what is not known is not taken back"


@pytest.mark.long
async def test_a_log_that_a_restore_set_back_keeps_tokens_waiting_and_never_answers_from_before_them() -> None:
    """A region that is cut off does not know that its log went back."""
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(HERE)
        older = await written_past_a_copy(demo, region, callers[HERE])
        last = await callers[BELGIUM].client.get(WEBHOOKS)
        token = {TOKEN: last.headers[TOKEN], TIMEOUT: "1"}
        await demo.cut(HERE)
        await restore(region, older)
        async with asyncio.timeout(20):
            while await callers[HERE].ready_or_none() is None:
                await asyncio.sleep(0.05)
            while (answer := await callers[HERE].client.get(WEBHOOKS, headers=token)).status_code == 503:
                await asyncio.sleep(0.05)
        assert answer.status_code == 408
        assert (await callers[BELGIUM].client.get(WEBHOOKS, headers=token)).status_code == 200

"""A request that is repeated with its idempotency key has one effect, whatever the first response was."""

import asyncio
import random
import uuid
from collections import Counter
from typing import Any

import httpx
import pytest

from core.frames import LoggedEvent
from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import ORGANIZATIONS, WEBHOOKS, Caller, calling, calling_all
from tests.e2e.evidence import check, settled

HERE, AWAY = "us-iowa", "asia-japan"
RETRIES_AT_ONCE = 25
IMPATIENT_ATTEMPTS = 4
PATIENT_SECONDS = 20


def idempotency_keys(events: list[LoggedEvent]) -> Counter[str]:
    """Idempotency key -> the number of its events."""
    keys = (logged.envelope.idempotency_key for logged in events)
    return Counter(key.key for key in keys if key is not None)


class Persistent:
    """A client that repeats a request with its key until it gets 201, through a random service each time."""

    def __init__(self, callers: list[Caller], dice: random.Random, number: int) -> None:
        self._callers = callers
        self._dice = dice
        organization = ORGANIZATIONS[number % len(ORGANIZATIONS)]
        self._headers = {**callers[0].headers(organization), "Idempotency-Key": str(uuid.uuid4())}
        self._body = {"name": f"number {number}", "target_url": f"https://retries.example.com/{number}"}
        self.told: list[int] = []
        self.operations: set[str] = set()
        self.answers: list[dict[str, Any]] = []

    async def insist(self) -> None:
        """Repeat the request until its second 201. Later attempts wait longer, so that even a slow run ends."""
        while self.told.count(201) < 2:
            level = self._dice.choice(["local_region", "all_regions"])
            is_patient = len(self.told) >= IMPATIENT_ATTEMPTS
            seconds = str(PATIENT_SECONDS if is_patient else self._dice.choice([1, 1, 2]))
            headers = {
                **self._headers,
                "SlashID-Required-Consistency": level,
                "SlashID-Required-Consistency-Timeout": seconds,
            }
            try:
                answer = await self._dice.choice(self._callers).client.post(WEBHOOKS, json=self._body, headers=headers)
            except httpx.TransportError:
                self.told.append(0)
                continue
            self.told.append(answer.status_code)
            if answer.status_code in (201, 408):
                self.operations.add(answer.headers["SlashID-Operation-ID"])
            if answer.status_code == 201:
                self.answers.append(answer.json()["result"])
            await asyncio.sleep(0.05 * self._dice.random())


async def disturb(demo: LocalRegions, dice: random.Random) -> None:
    """Cut a region off, pause a NATS, pause a replicator, kill a service: one after the other, until cancelled."""
    region = demo.region(HERE)
    while True:
        match dice.choice(["cut", "nats", "replicator", "service"]):
            case "cut":
                await demo.cut(AWAY)
                await asyncio.sleep(2 * dice.random())
                await demo.heal(AWAY)
            case "nats":
                region.nats.pause()
                await asyncio.sleep(1 + dice.random())
                region.nats.resume()
            case "replicator":
                region.replicators[0].pause()
                await asyncio.sleep(1.5 * dice.random())
                region.replicators[0].resume()
            case _:
                await region.services[1].kill()
                await region.services[1].start()
        await asyncio.sleep(dice.random())


@pytest.mark.long
async def test_a_thousand_requests_repeated_under_random_408s_have_exactly_a_thousand_effects() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    count = 1_000
    async with local_regions(round_trips=20) as demo, calling_all(demo) as callers:
        second = await demo.region(HERE).add_service()
        await second.wait_ready()
        async with calling(second.url, callers[HERE].keys) as other:
            people = [
                Persistent([callers[HERE], other], random.Random(dice.random()), number) for number in range(count)
            ]
            places = asyncio.Semaphore(4 * RETRIES_AT_ONCE)

            async def insist(person: Persistent) -> None:
                async with places:
                    await person.insist()

            disturbing = asyncio.create_task(disturb(demo, random.Random(dice.random())))
            await asyncio.gather(*(insist(person) for person in people))
            disturbing.cancel()
            await asyncio.wait([disturbing])
            for process in demo.region(HERE).processes:
                process.resume()
            await demo.heal(AWAY)
            await demo.region(HERE).services[1].start()
        told = Counter(status for person in people for status in person.told)
        print(f"told {dict(told)}")
        assert set(told) <= {0, 201, 408, 503}
        assert told[408] > 20, "nothing was disturbed"
        evidence = await settled(demo, within_seconds=60)
        check(evidence)
        keys = idempotency_keys(evidence.events(HERE))
        assert len(keys) == count
        assert set(keys.values()) == {1}
        assert set(evidence.target_urls().values()) == {1}
        for person in people:
            assert all(answer == person.answers[0] for answer in person.answers), "the same outcome, the same ids"
        in_the_log = evidence.operations(HERE)
        assert all(len(person.operations & in_the_log) == 1 for person in people)


async def test_a_retry_in_another_region_is_the_first_request_once_that_is_known_there() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        headers = {"Idempotency-Key": "k1", "SlashID-Required-Consistency": "all_regions"}
        body = {"name": "a webhook", "target_url": "https://retries.example.com/everywhere"}
        first = await callers[HERE].client.post(WEBHOOKS, json=body, headers=headers)
        assert first.status_code == 201
        for caller in callers.values():
            again = await caller.client.post(WEBHOOKS, json=body, headers=headers)
            assert (again.status_code, again.json()) == (201, first.json())
            assert again.headers["SlashID-Operation-ID"] == first.headers["SlashID-Operation-ID"]
            assert again.headers["ETag"] == first.headers["ETag"]
        reused = await callers[AWAY].client.post(WEBHOOKS, json={**body, "name": "another"}, headers=headers)
        assert reused.status_code == 422
        evidence = await settled(demo)
        check(evidence)
        assert sum(idempotency_keys(evidence.events(name)).total() for name in evidence.logs) == 1


@pytest.mark.long
async def test_a_retry_after_a_408_waits_for_its_own_consistency() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        client = callers[HERE].client
        body = {"name": "a webhook", "target_url": "https://retries.example.com/waits"}
        everywhere = {
            "Idempotency-Key": "k1",
            "SlashID-Required-Consistency": "all_regions",
            "SlashID-Required-Consistency-Timeout": "1",
        }
        await demo.cut(AWAY)
        late = await client.post(WEBHOOKS, json=body, headers=everywhere)
        assert late.status_code == 408
        joined = asyncio.create_task(
            client.post(WEBHOOKS, json=body, headers={**everywhere, "SlashID-Required-Consistency-Timeout": "60"})
        )
        here = await client.post(WEBHOOKS, json=body, headers={"Idempotency-Key": "k1"})
        assert here.status_code == 201
        again = await client.post(WEBHOOKS, json=body, headers=everywhere)
        assert again.status_code == 408
        assert not joined.done()
        await demo.heal(AWAY)
        answer = await joined
        assert (answer.status_code, answer.json()) == (201, here.json())
        operations = {one.headers["SlashID-Operation-ID"] for one in (late, here, again, answer)}
        assert len(operations) == 1


async def test_a_retry_gets_the_first_response_even_if_the_webhook_changed_or_is_gone() -> None:
    async with local_regions(regions=1) as demo, calling_all(demo) as callers:
        client = callers[HERE].client
        body = {"name": "first", "target_url": "https://retries.example.com/gone", "custom_headers": {"X-A": ["1"]}}

        async def create() -> httpx.Response:
            return await client.post(WEBHOOKS, json=body, headers={"Idempotency-Key": "create"})

        created = await create()
        path = f"{WEBHOOKS}/{created.json()['result']['id']}"

        async def rename() -> httpx.Response:
            return await client.patch(path, json={"name": "second"}, headers={"Idempotency-Key": "rename"})

        async def delete() -> httpx.Response:
            return await client.delete(path, headers={"Idempotency-Key": "delete"})

        renamed = await rename()
        assert renamed.json()["result"] == {
            **created.json()["result"],
            "name": "second",
            "updated_at": renamed.json()["result"]["updated_at"],
        }
        assert (await client.patch(path, json={"name": "third", "custom_headers": {}})).status_code == 200
        for first, again in ((created, await create()), (renamed, await rename())):
            assert (again.status_code, again.json()) == (first.status_code, first.json())
            assert again.headers["ETag"] == first.headers["ETag"]
        deleted = await delete()
        assert [deleted.status_code, (await delete()).status_code] == [204, 204]
        assert (await client.get(path)).status_code == 404
        for first, again in ((created, await create()), (renamed, await rename())):
            assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert (await client.get(path)).status_code == 404, "to be told of it again does not bring it back"


@pytest.mark.long
async def test_idempotency_keys_are_known_after_redis_was_emptied() -> None:
    async with local_regions(regions=1) as demo, calling_all(demo) as callers:
        client, region = callers[HERE].client, demo.region(HERE)
        body = {"name": "a webhook", "target_url": "https://retries.example.com/rebuilt"}
        first = await client.post(WEBHOOKS, json=body, headers={"Idempotency-Key": "k1"})
        # So that the service has no memory of it either.
        await region.services[0].stop()
        await region.redis.stop()
        await region.redis.erase_files()
        await region.redis.start()
        await region.services[0].start()
        await demo.wait_ready()
        again = await client.post(WEBHOOKS, json=body, headers={"Idempotency-Key": "k1"})
        assert (again.status_code, again.json()) == (201, first.json())
        deleted = await client.delete(f"{WEBHOOKS}/{first.json()['result']['id']}")
        assert deleted.status_code == 204


@pytest.mark.long
async def test_one_idempotency_key_too_many_returns_503_and_none_is_forgotten() -> None:
    settings = {"CROSSHOOK_RETRY_KEYS_MAX": "3"}
    async with local_regions(regions=1, settings=settings) as demo, calling_all(demo) as callers:
        client = callers[HERE].client

        async def create(number: int) -> httpx.Response:
            body = {"name": "a webhook", "target_url": f"https://retries.example.com/kept/{number}"}
            return await client.post(WEBHOOKS, json=body, headers={"Idempotency-Key": f"k{number}"})

        answers = [await create(number) for number in range(5)]
        assert [answer.status_code for answer in answers] == [201, 201, 201, 503, 503]
        assert "nothing was done" in answers[3].json()["errors"][0]["message"]
        assert int(answers[3].headers["Retry-After"]) > 1
        assert [(await create(number)).json() for number in range(3)] == [answer.json() for answer in answers[:3]]
        assert (await client.get(WEBHOOKS)).json()["meta"]["pagination"]["total_count"] == 3

"""Many clients create, change and delete the same few webhooks everywhere, while a link flaps."""

import asyncio
import random
from collections import Counter

import msgspec
import pytest

from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import OPERATION, ORGANIZATION, WEBHOOKS, Caller, calling_all, fate
from tests.e2e.evidence import check, settled

WEBHOOKS_AT_ONCE = 20
WRITERS = 64
FLAPPING = "asia-japan"
TRIGGERS = ("PersonCreated_v1", "PersonDeleted_v1")


class Writer:
    """One of many writers, each with its own random numbers."""

    def __init__(self, callers: list[Caller], dice: random.Random, known: list[str]) -> None:
        self._callers = callers
        self._dice = dice
        self._known = known
        self.answers: Counter[tuple[str, int]] = Counter()
        self.names: list[str] = []
        self.operations: dict[str, int] = {}

    async def write(self, number: int) -> None:
        """One write of some kind, of some webhook, in some region."""
        client = self._dice.choice(self._callers).client
        index = self._dice.randrange(WEBHOOKS_AT_ONCE)
        path = f"{WEBHOOKS}/{self._known[index]}"
        headers = {
            "SlashID-Required-Consistency": self._dice.choice(["local_region", "local_region", "all_regions"]),
            "SlashID-Required-Consistency-Timeout": "1",
        }
        name = f"{id(self)}-{number}"
        trigger = {"trigger_type": "event", "trigger_name": self._dice.choice(TRIGGERS)}
        match self._dice.choice(["create", "rename", "describe", "trigger", "trigger", "untrigger", "delete"]):
            case "create":
                body = {"name": name, "target_url": f"https://hooks.example.com/{index}"}
                answer = await client.post(WEBHOOKS, json=body, headers=headers)
                if answer.status_code == 201:
                    self._known[index] = answer.json()["result"]["id"]
            case "rename":
                answer = await client.patch(path, json={"name": name}, headers=headers)
            case "describe":
                answer = await client.patch(path, json={"description": name}, headers=headers)
            case "trigger":
                answer = await client.post(f"{path}/triggers", json=trigger, headers=headers)
            case "untrigger":
                answer = await client.delete(f"{path}/triggers", params=trigger, headers=headers)
            case _:
                answer = await client.delete(path, headers=headers)
        self.answers[answer.request.method, answer.status_code] += 1
        if OPERATION in answer.headers:
            self.operations[answer.headers[OPERATION]] = answer.status_code
        if answer.status_code in (200, 201) and name in answer.text:
            self.names.append(name)


async def flap(demo: LocalRegions) -> None:
    """Cut and heal, until cancelled."""
    while True:
        await demo.cut(FLAPPING)
        await asyncio.sleep(1.2)
        await demo.heal(FLAPPING)
        await asyncio.sleep(0.8)


@pytest.mark.long
async def test_racing_writers_over_a_flapping_link_leave_equal_projections_and_lose_nothing() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    async with local_regions() as demo, calling_all(demo) as callers:
        everybody = list(callers.values())
        known = [(await everybody[0].register(organization=ORGANIZATION)).webhook_id for _ in range(WEBHOOKS_AT_ONCE)]
        writers = [Writer(everybody, random.Random(dice.random()), known) for _ in range(WRITERS)]
        flapping = asyncio.create_task(flap(demo))

        async def work(writer: Writer) -> None:
            for number in range(10):
                await writer.write(number)

        await asyncio.gather(*(work(writer) for writer in writers))
        flapping.cancel()
        await demo.heal(FLAPPING)
        answers = sum((writer.answers for writer in writers), Counter[tuple[str, int]]())
        print(dict(answers))
        assert {status for _, status in answers} <= {200, 201, 204, 404, 408, 409}
        evidence = await settled(demo, within_seconds=60)
        check(evidence)
        events = [msgspec.to_builtins(logged.envelope.event) for logged in evidence.all_events()]
        written = Counter(text for event in events for text in (event.get("name"), event.get("description")) if text)
        assert all(written[name] == 1 for writer in writers for name in writer.names)
        operations = {logged.operation_id for logged in evidence.all_events()}
        named = {name: status for writer in writers for name, status in writer.operations.items()}
        assert {name for name, status in named.items() if status != 408} <= operations
        late = [name for name, status in named.items() if status == 408]
        print(f"{len(late)} operations of a 408, {len(set(late) & operations)} of them in a log")
        fates = [(await fate(dice.choice(everybody), name))["state"] for name in late]
        expected = ["applied" if name in operations else "never" for name in late]
        assert fates == expected
        listed = [(await caller.client.get(WEBHOOKS, params={"limit": 1_000})).json() for caller in everybody]
        assert listed[0] == listed[1] == listed[2]

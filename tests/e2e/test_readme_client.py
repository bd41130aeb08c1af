"""The client in the README runs as pasted, and does what the README says."""

import asyncio
import json
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping

import pytest

from deploy.local import local_regions
from tests.documents import README, blocks
from tests.e2e.callers import ORGANIZATION, calling_all

LEVEL = '"SlashID-Required-Consistency"'
IMPATIENT = f'"SlashID-Required-Consistency-Timeout": "1", {LEVEL}'


def the_client() -> str:
    """The lines to paste."""
    (block,) = (block for block in blocks(README.read_text(), "sh") if "python3 -" in block)
    return block


async def pasted(lines: str, environment: Mapping[str, str]) -> Process:
    return await asyncio.create_subprocess_exec(
        "/bin/sh", "-eu", "-c", lines, env={"PATH": os.environ["PATH"], **environment}, stdout=PIPE, stderr=PIPE
    )


@pytest.mark.long
async def test_the_readmes_client_registers_a_webhook_and_its_trigger_whatever_comes_first_and_runs_twice() -> None:
    """At first its service does not run, then a region is cut off. The second run is undisturbed."""
    async with local_regions(round_trips=20) as demo, calling_all(demo) as callers:
        lines = the_client().replace("http://localhost:8081", demo.region("us-iowa").http_url)
        environment = {"ORG": ORGANIZATION, "KEY": callers["us-iowa"].keys[ORGANIZATION]}
        await demo.cut("asia-japan")
        (service,) = demo.region("us-iowa").services
        await service.stop()
        running = await pasted(lines.replace(LEVEL, IMPATIENT), environment)
        ended = asyncio.create_task(running.communicate())
        done, _ = await asyncio.wait({ended}, timeout=1.5)
        assert not done, "no service answers yet"
        await service.start()
        done, _ = await asyncio.wait({ended}, timeout=2.5)
        assert not done, "it continues until every region has the webhook"
        await demo.heal("asia-japan")
        async with asyncio.timeout(30):
            _, errors = await ended
            again = await pasted(lines, environment)
            _, more_errors = await again.communicate()
        assert (running.returncode, errors, again.returncode, more_errors) == (0, b"", 0, b"")
        for caller in callers.values():
            webhooks = json.loads((await caller.client.get("/organizations/webhooks")).content)["result"]
            assert len(webhooks) == 2
            for webhook in webhooks:
                triggers = await caller.client.get(f"/organizations/webhooks/{webhook['id']}/triggers")
                assert len(triggers.json()["result"]) == 1

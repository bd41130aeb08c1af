"""The client in the README does what the README says."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import local_regions
from tests.e2e.callers import ORGANIZATION, calling_all

README = Path(__file__).parents[2] / "README.md"


def the_client() -> str:
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    return str(block)


@pytest.mark.long
async def test_the_readmes_client_registers_a_webhook_and_its_trigger_whatever_comes_first() -> None:
    """Its service is not there, and then a region is cut off."""
    async with local_regions(round_trips=20) as demo, calling_all(demo) as callers:
        program = the_client().replace("http://localhost:8081", demo.region("us-iowa").http_url)
        impatient = '"SlashID-Required-Consistency-Timeout": "1", "SlashID-Required-Consistency"'
        program = program.replace('"SlashID-Required-Consistency"', impatient)
        environment = {"ORG": ORGANIZATION, "KEY": callers["us-iowa"].keys[ORGANIZATION]}
        await demo.cut("asia-japan")
        (service,) = demo.region("us-iowa").services
        await service.stop()
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, env=environment, stderr=subprocess.PIPE
        )
        ended = asyncio.create_task(running.communicate())
        done, _ = await asyncio.wait({ended}, timeout=1.5)
        assert not done, "nobody answers"
        await service.start()
        done, _ = await asyncio.wait({ended}, timeout=2.5)
        assert not done, "it goes on until every region has it"
        await demo.heal("asia-japan")
        async with asyncio.timeout(30):
            _, errors = await ended
        assert (running.returncode, errors) == (0, b"")
        for caller in callers.values():
            (webhook,) = (await caller.client.get("/organizations/webhooks")).json()["result"]
            triggers = await caller.client.get(f"/organizations/webhooks/{webhook['id']}/triggers")
            assert len(triggers.json()["result"]) == 1

"""A process of its own, because the memory of this one has other uses."""

import subprocess
import sys

PROGRAM = """
import asyncio
import random
from runtime import memory

memory.LOOK_SECONDS = 0.05

def mebibytes():
    return memory.resident_bytes() / 2**20

async def main():
    returning = asyncio.create_task(memory.return_free_memory())
    await asyncio.sleep(0.2)
    for _ in range(2):
        before = mebibytes()
        bodies = [bytes(random.randrange(1_000, 64_000)) for _ in range(2_000)]
        await asyncio.sleep(0.2)
        held = mebibytes()
        kept = bodies[::100]
        del bodies
        async with asyncio.timeout(10):
            while mebibytes() > before + 12:
                await asyncio.sleep(0.05)
        assert held > before + 50, (before, held)
    returning.cancel()

asyncio.run(main())
"""


def test_memory_that_was_used_for_a_while_is_returned_each_time() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True)  # noqa: S603
    assert ended.returncode == 0, ended.stderr

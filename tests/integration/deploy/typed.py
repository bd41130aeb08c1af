"""`crosshook` as typed at a shell, and its output."""

import asyncio
import subprocess
import sys
from collections.abc import Callable


class Printing:
    """A process, and what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while data := await self.process.stdout.read(65_536):
            self.output += data.decode()


class Demo(Printing):
    """A `crosshook up` of a test, with its output so far."""

    async def says(self, text: str) -> None:
        await until(lambda: text in self.output or self._reading.done(), seconds=20)
        assert text in self.output, self.output

    async def ends(self) -> int:
        async with asyncio.timeout(20):
            await self._reading
            return await self.process.wait()


async def crosshook(*arguments: str, umask: int = -1) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, umask=umask
    )


async def outcome(*arguments: str) -> tuple[int, str]:
    process = await crosshook(*arguments)
    async with asyncio.timeout(20):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def until(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)

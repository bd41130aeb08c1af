"""Docker's and Compose's commands, whichever versions of them there are."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
COMMAND_SECONDS_MAX = 60.0


class Outcome(NamedTuple):
    """The outcome of a command."""

    code: int
    out: str
    error: str


async def run(
    *command: str,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    within_seconds: float = COMMAND_SECONDS_MAX,
) -> Outcome:
    """The outcome of a command that has read `given`. Raises `TimeoutError`, and then the command is gone."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(within_seconds):
            out, error = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Outcome(process.returncode, out.decode(), error.decode())


async def succeed(
    *command: str,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    within_seconds: float = COMMAND_SECONDS_MAX,
) -> str:
    """The output of a command that must not fail."""
    outcome = await run(*command, given=given, environment=environment, within_seconds=within_seconds)
    assert outcome.code == 0, f"{' '.join(command)[:200]}: {outcome.out[-2000:]}{outcome.error[-4000:]}"
    return outcome.out


async def docker(*arguments: str, given: bytes = b"", within_seconds: float = COMMAND_SECONDS_MAX) -> str:
    """The output of `docker`, which must not fail."""
    return await succeed("docker", *arguments, given=given, within_seconds=within_seconds)


async def inspect(kind: str, *names: str) -> list[dict[str, Any]]:
    """The engine's description of these containers, images, networks or volumes, in this order."""
    found: list[dict[str, Any]] = json.loads(await docker("inspect", "--type", kind, *names)) if names else []
    return found

"""Clients that are generated from the document build, and do what it says."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ENOUGH_SECONDS = 300
"""A compiler takes as long as it takes on a machine that is shared; a generator that hangs is found out."""

pytestmark = pytest.mark.clients


async def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command prints. It has to succeed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(ENOUGH_SECONDS):
        printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def test_a_python_client_is_generated_imported_and_does_what_the_document_says(
    document: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    programs = Path(sys.executable).parent
    path = os.pathsep.join([str(programs), os.environ["PATH"]])  # Ruff is there, which puts its output in order.
    generate = ("generate", "--path", document, "--meta", "none", "--output-path", tmp_path / "generated")
    printed = await run(programs / "openapi-python-client", *generate, cwd=tmp_path, PATH=path)
    assert "Warning" not in printed, printed
    printed = await run(
        *(sys.executable, "-W", "error", HERE / "python" / "call.py"),
        cwd=tmp_path,
        PYTHONPATH=str(tmp_path),
        **environment,
    )
    assert printed == "all is as the document says\n"


async def test_a_typescript_client_is_generated_compiled_and_does_what_the_document_says(
    document: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    source = HERE / "typescript"
    for name in ("call.ts", "package.json", "tsconfig.json"):
        shutil.copy(source / name, tmp_path)
    packages = source / "node_modules"
    (tmp_path / "node_modules").symlink_to(packages)
    generate = packages / "openapi-typescript" / "bin" / "cli.js"
    await run("node", generate, document, "-o", "schema.d.ts", cwd=tmp_path)
    await run("node", packages / "typescript" / "bin" / "tsc", "-p", ".", cwd=tmp_path)
    printed = await run("node", "call.js", cwd=tmp_path, **environment)
    assert printed == "all is as the document says\n"

"""The document is true of a running region. Schemathesis tries every operation, and would detect a difference."""

import asyncio
import json
import os
import random
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import LocalRegion
from tests.contract.calls import ADMIN_KEY, WEBHOOKS, registered

ROOT = Path(__file__).parents[2]
CONFIG = Path(__file__).with_name("schemathesis.toml")
TAKEN_AS_THEY_COME = {
    "WebhookBody",
    "WebhookChanges",
    "MOD1TriggerBody",
    "MOD2TriggerBody",
    "ApiKeyBody",
    "Document",
    "Lag",
}
"""Shapes with unknown members."""

Json = dict[str, Any]
Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Json:
    """The document that the region serves, with no unknown members allowed in responses.

    The stream is left out, because it has no end. test_dashboard.py tests it.
    """
    found: Json = (await client.get("/schema/openapi.json")).json()
    del found["paths"]["/dashboard/events"]
    # For a header it makes no value that fits a pattern, only one that fits a format.
    found["components"]["parameters"]["organization"]["schema"]["format"] = "uuid"
    for name, schema in found["components"]["schemas"].items():
        if "properties" in schema and name not in TAKEN_AS_THEY_COME:
            schema["additionalProperties"] = False
    return found


@pytest.fixture
async def run(region: LocalRegion, client: httpx.AsyncClient, tmp_path: Path) -> Run:
    """Run Schemathesis for one organization. Returns its exit code and its output."""
    await registered(client)
    answer = await client.get(WEBHOOKS)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "ORGANIZATION": client.headers["SlashID-OrgID"],
        "TOKEN": answer.headers["SlashID-Consistency-Token"],
        "API_KEY": client.headers["SlashID-API-Key"],
        "ADMIN_KEY": ADMIN_KEY,
    }

    async def tried(document: Json, *options: str) -> tuple[int, str]:
        described = tmp_path / "openapi.json"
        described.write_text(json.dumps(document))
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("schemathesis"),
            *("--config-file", str(CONFIG), "run", str(described), "--url", region.http_url, "--no-color", *options),
            cwd=tmp_path,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        print(printed.decode())
        assert process.returncode is not None
        return process.returncode, printed.decode()

    return tried


@pytest.mark.long
async def test_every_operation_does_what_the_document_says(document: Json, run: Run) -> None:
    operations = sum(len(methods) for methods in document["paths"].values())
    seed = random.randrange(2**32)
    code, printed = await run(document, "--seed", str(seed), "--max-examples", "100")
    assert code == 0, printed
    assert f"Tested: {operations}\n" in printed
    assert all(f"✅  {phase}" in printed for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"))


def spoiled(document: Json) -> dict[str, str]:
    """Put errors into the document. Returns operation -> the failure that must be found."""
    paths, components = document["paths"], document["components"]
    alive = paths["/livez"]["get"]["responses"]
    alive["202"] = alive.pop("200")
    components["schemas"]["Health"]["properties"]["region"] = {"type": "integer"}
    paths["/metrics"]["get"]["responses"]["200"]["content"] = {"text/csv": {"schema": {"type": "string"}}}
    paths["/schema"]["get"]["responses"]["200"]["headers"] = {"X-Missing": {"required": True, "schema": {}}}
    paths["/schema/{file}"]["get"]["security"] = [{"api_key": []}]
    webhook = components["schemas"]["Webhook"]
    del webhook["properties"]["updated_at"]
    webhook["required"].remove("updated_at")
    components["schemas"]["WebhookBody"]["properties"]["name"] = {"type": "string", "enum": ["a", " "]}
    components["parameters"]["limit"]["schema"]["maximum"] = 100
    webhooks = paths[WEBHOOKS]
    webhooks["put"] = {**webhooks["post"], "operationId": "put_webhook"}
    return {
        "GET /livez": "Undocumented status code",
        "GET /readyz": "Response violates schema",
        "GET /metrics": "Undocumented Content-Type",
        "GET /schema": "Missing required response headers",
        "GET /schema/{file}": "API accepts requests without authentication",
        f"GET {WEBHOOKS}/{{webhook_id}}": "Response violates schema",
        f"POST {WEBHOOKS}": "Schema-valid request rejected",
        f"GET {WEBHOOKS}": "Schema-violating request accepted",
        f"PUT {WEBHOOKS}": "Undocumented status code",
    }


@pytest.mark.long
async def test_a_wrong_document_is_detected(document: Json, run: Run) -> None:
    expected = spoiled(document)
    code, printed = await run(document, "--phases", "examples,coverage")
    assert code == 1
    _, *found = re.split(r"(?m)^_+ (.+) _+$", printed)
    by_operation = dict(zip(found[::2], found[1::2], strict=True))
    for operation, failure in expected.items():
        assert failure in by_operation.get(operation, ""), operation


async def test_a_service_with_wrong_responses_is_detected(document: Json, run: Run) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"meta": {}, "errors": [{"httpcode": 500, "message": ""}]}'
        head = f"HTTP/1.1 503 -\r\nContent-Type: application/json\r\nRetry-After: 1\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = ("--url", f"http://127.0.0.1:{port}", "--phases", "examples", "--include-path", WEBHOOKS)
        code, printed = await run(document, *options)
    assert code == 1
    assert "a region that has nothing else to do sent a client away" in printed
    assert "the envelope says [500]" in printed

"""Every request is one line in the access log, and no line has a secret."""

import asyncio
import os
import uuid
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from core.api_keys import api_key_text
from deploy.local import LocalRegion
from tests.contract.calls import A_TRIGGER, WEBHOOKS, a_body, newcomer, triggers_of, until
from tests.http_client import http_client
from tests.unit.runtime.serving import reset

OPERATION, TOKEN = "SlashID-Operation-ID", "SlashID-Consistency-Token"


def log_of(region: LocalRegion) -> Path:
    return region.logs / "service-1.log"


def lines_of(region: LocalRegion, organization_id: str) -> list[dict[str, Any]]:
    lines = map(msgspec.json.decode, log_of(region).read_bytes().splitlines())
    return [line for line in lines if line["event"] == "request" and line.get("organization_id") == organization_id]


async def test_a_write_and_a_read_log_one_line_each_with_the_operation_and_the_timing(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    everywhere = {"SlashID-Required-Consistency": "all_regions"}
    written = await client.post(WEBHOOKS, json=a_body(), headers=everywhere)
    webhook = written.json()["result"]["id"]
    assert (await client.get(f"{WEBHOOKS}/{webhook}")).status_code == 200
    refused = await client.delete(
        triggers_of(webhook), params={"trigger_type": "event", "trigger_name": "PersonCreated_v1"}
    )
    assert refused.status_code == 404
    organization_id = client.headers["SlashID-OrgID"]

    async def are_there() -> bool:
        return len(lines_of(region, organization_id)) >= 4

    await until(are_there)
    issue, write, read, refusal = lines_of(region, organization_id)
    assert issue["route"] == "/admin/organizations/{organization_id}/keys"
    assert (write["method"], write["route"], write["status"]) == ("POST", WEBHOOKS, 201)
    assert (write["outcome"], write["consistency"], write["level"]) == ("done", "all_regions", "info")
    assert write["operation_id"] == written.headers[OPERATION]
    assert (write["origin"], write["sequence"]) == ("us-iowa", issue["sequence"] + 1)
    parts = [write[f"{part}_milliseconds"] for part in ("read", "append", "wait")]
    assert all(part > 0 for part in parts)
    assert sum(parts) < write["milliseconds"]
    assert (read["method"], read["route"], read["outcome"]) == ("GET", f"{WEBHOOKS}/{{webhook_id}}", "done")
    assert 0 < read["read_milliseconds"] < read["milliseconds"]
    assert not read.keys() & {"consistency", "operation_id", "origin", "sequence"}
    assert (refusal["status"], refusal["outcome"], refusal["consistency"]) == (404, "refused", "local_region")


async def test_an_organization_is_only_claimed_until_a_key_proves_it(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    mine, theirs = client.headers["SlashID-OrgID"], (await newcomer(region))["SlashID-OrgID"]
    unknown = api_key_text(str(uuid.uuid4()), bytes(32))
    statuses = [
        (await client.get(WEBHOOKS, headers=headers, params=params)).status_code
        for headers, params in (
            ({"SlashID-API-Key": unknown}, {}),
            ({"SlashID-API-Key": unknown}, {"limit": "nonsense"}),
            ({"SlashID-OrgID": theirs}, {}),
            ({}, {"limit": "nonsense"}),
            ({}, {}),
        )
    ]
    assert statuses == [401, 401, 403, 400, 200]

    def reads(member: str, organization_id: str) -> list[int]:
        lines = map(msgspec.json.decode, log_of(region).read_bytes().splitlines())
        return [line["status"] for line in lines if line.get("method") == "GET" and line.get(member) == organization_id]

    async def are_there() -> bool:
        return 200 in reads("organization_id", mine)

    await until(are_there)
    assert reads("organization_id", mine) == [400, 200]
    assert reads("claimed_organization_id", mine) == [401, 401]
    assert reads("claimed_organization_id", theirs) == [403]
    assert reads("organization_id", theirs) == []


async def test_no_line_has_a_key_a_token_a_path_a_query_or_anything_of_a_body(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    body = a_body(name="unspoken-business", custom_headers={"Authorization": ["Bearer unspoken-secret"]})
    written = await client.post(WEBHOOKS, json=body, headers={"Idempotency-Key": "unspoken-retry-key"})
    webhook = written.json()["result"]["id"]
    token = written.headers[TOKEN]
    await client.post(triggers_of(webhook), json=A_TRIGGER, headers={TOKEN: token})
    await client.get(WEBHOOKS, params={"limit": "unspoken-limit"})
    await client.get("/unspoken-path?unspoken-query")
    await client.post(WEBHOOKS, content=b'{"unspoken-member')
    organization_id = client.headers["SlashID-OrgID"]

    async def are_there() -> bool:
        return len(lines_of(region, organization_id)) >= 5

    await until(are_there)
    text = log_of(region).read_text()
    for secret in ("unspoken", client.headers["SlashID-API-Key"], token, body["target_url"], webhook):
        assert secret not in text


BROKEN = """
import service.http.response_headers
from tests.http_client import http_client

def broken(_):
    raise RuntimeError("broken on purpose")

service.http.response_headers.render_token = broken
"""


async def test_a_request_without_a_response_is_logged_as_failed_and_counted(
    region: LocalRegion, tmp_path: Path
) -> None:
    """The service is broken outside of every handler of errors: Python imports `sitecustomize` when it starts."""
    headers = await newcomer(region)
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    broken = await region.add_service({"PYTHONPATH": path})
    try:
        await broken.wait_ready()
        async with http_client(broken.url, headers=headers, timeout=20) as client:
            assert (await client.get(WEBHOOKS)).status_code == 500
            said = (await client.get("/metrics")).text
        assert f'http_requests_total{{level="none",route="GET {WEBHOOKS}",status="500"}} 1.0' in said
    finally:
        await broken.stop()
        region.services.remove(broken)
    lines = [line for line in map(msgspec.json.decode, broken.log.read_bytes().splitlines()) if "outcome" in line]
    assert [(line["route"], line["status"], line["outcome"]) for line in lines] == [(WEBHOOKS, 500, "failed")]


@pytest.mark.parametrize("is_reset", [True, False])
async def test_a_client_that_leaves_while_it_sends_has_left_and_one_that_still_reads_is_refused(
    region: LocalRegion, *, is_reset: bool
) -> None:
    before = len(log_of(region).read_bytes())
    reader, writer = await asyncio.open_connection("127.0.0.1", region.services[0].port)
    key = api_key_text(str(uuid.uuid4()), bytes(32)).encode()
    head = b"PATCH /organizations/nowhere HTTP/1.1\r\nHost: here\r\nSlashID-API-Key: %b\r\n" % key
    writer.write(head + b"Content-Length: 3\r\n\r\n{")
    await writer.drain()
    if is_reset:
        reset(writer)
    else:
        writer.write_eof()
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()

    async def is_there() -> bool:
        return bool(left())

    def left() -> list[dict[str, Any]]:
        lines = map(msgspec.json.decode, log_of(region).read_bytes()[before:].splitlines())
        return [line for line in lines if line["event"] == "request" and line["method"] == "PATCH"]

    await until(is_there)
    expected = ("left", 0, "none") if is_reset else ("refused", 400, "none")
    assert [(line["outcome"], line["status"], line["route"]) for line in left()] == [expected]


async def test_frequent_probes_are_not_logged(region: LocalRegion, client: httpx.AsyncClient) -> None:
    for path in ("/livez", "/readyz", "/metrics", "/schema", "/schema/openapi.json"):
        assert (await client.get(path)).status_code == 200
    await client.post(WEBHOOKS, json=a_body())
    organization_id = client.headers["SlashID-OrgID"]

    async def is_there() -> bool:
        return len(lines_of(region, organization_id)) >= 2

    await until(is_there)
    text = log_of(region).read_text()
    assert not any(path in text for path in ("/livez", "/readyz", "/metrics", "/schema"))

"""`HEAD` is `GET` without the body, on every route that has a `GET`."""

import asyncio
from typing import Any

import httpx
import msgspec

from deploy.local import LocalRegion
from tests.contract.calls import ADMIN_KEY, WEBHOOKS, registered, triggers_of, until
from tests.http_client import http_client
from tests.metrics import next_second

VARIES = {"date"}


def same(headers: httpx.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in VARIES}


async def test_every_get_route_answers_head_with_the_same_status_and_headers(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    written = await client.patch(f"{WEBHOOKS}/{webhook}", json={})
    ids = {
        "webhook_id": webhook,
        "operation_id": written.headers["SlashID-Operation-ID"],
        "organization_id": client.headers["SlashID-OrgID"],
    }
    document = (await client.get("/schema/openapi.json")).json()
    paths = [path for path, methods in document["paths"].items() if "get" in methods and path != "/dashboard/events"]
    assert len(paths) > 10
    for path in paths:
        file = "page.css" if path.startswith("/dashboard") else "start.js"
        target = path.format(**ids, file=file)
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"} if path.startswith("/admin") else {}
        got, head = await client.get(target, headers=headers), await client.head(target, headers=headers)
        assert (head.status_code, head.content) == (got.status_code, b""), target
        if path not in {"/metrics", "/dashboard/lag"}:
            assert same(head.headers) == same(got.headers), target
        assert got.status_code in {308, 501} or got.is_success, target


async def test_a_refusal_has_the_same_headers_too(client: httpx.AsyncClient) -> None:
    for path, headers in (
        (f"{WEBHOOKS}/nobodys", {}),
        ("/nowhere", {}),
        (WEBHOOKS, {"SlashID-API-Key": "nobody's"}),
        (f"{WEBHOOKS}?limit=0", {}),
    ):
        got, head = await client.get(path, headers=headers), await client.head(path, headers=headers)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert same(head.headers) == same(got.headers)


async def test_a_path_without_get_has_no_head(client: httpx.AsyncClient) -> None:
    answer = await client.head(f"/admin/organizations/{client.headers['SlashID-OrgID']}/keys/none")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, OPTIONS")


async def test_a_connection_continues_after_head(region: LocalRegion, client: httpx.AsyncClient) -> None:
    """No byte of the body is sent: the next response begins in its place."""
    path = triggers_of(await registered(client))
    reader, writer = await asyncio.open_connection("127.0.0.1", region.services[0].port)
    lines = [f"{name}: {client.headers[name]}" for name in ("SlashID-OrgID", "SlashID-API-Key")]
    head = "\r\n".join([f"HEAD {path} HTTP/1.1", "Host: here", *lines, "", ""])
    writer.write(head.encode() * 2 + b"GET /livez HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(10):
        answers = (await reader.read()).split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert [answer.partition(b"\r\n\r\n")[2] for answer in answers] == [b"", b"", b'{"status":"alive"}']
    writer.close()


async def test_head_of_the_stream_ends_at_once_and_takes_no_listeners_place(region: LocalRegion) -> None:
    service = await region.add_service({"CROSSHOOK_DASHBOARD_LISTENERS_MAX": "1"})
    await service.wait_ready()
    async with http_client(service.url, timeout=10) as client:
        for _ in range(2):
            answer = await client.head("/dashboard/events")
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        async with client.stream("GET", "/dashboard/events") as first:
            assert first.status_code == 200
            assert (await client.head("/dashboard/events")).status_code == 503
    await service.stop()
    region.services.remove(service)


async def test_a_replicator_answers_head_too(region: LocalRegion) -> None:
    async with http_client(region.replicators[0].url, timeout=10) as client:
        got, head = await client.get("/livez"), await client.head("/livez")
    assert (head.status_code, head.content, same(head.headers)) == (200, b"", same(got.headers))


async def test_the_line_and_the_count_say_head(region: LocalRegion, client: httpx.AsyncClient) -> None:
    organization_id = client.headers["SlashID-OrgID"]
    await client.head(WEBHOOKS)

    def lines() -> list[dict[str, Any]]:
        text = (region.logs / "service-1.log").read_bytes()
        found = map(msgspec.json.decode, text.splitlines())
        return [line for line in found if line.get("organization_id") == organization_id and line["method"] == "HEAD"]

    async def is_there() -> bool:
        return bool(lines())

    await until(is_there)
    assert [(line["route"], line["status"]) for line in lines()] == [(WEBHOOKS, 200)]
    await next_second()
    assert f'route="HEAD {WEBHOOKS}",status="200"' in (await client.get("/metrics")).text

"""The stream that the page at `/dashboard` listens to, on a running service."""

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx

from deploy.local import LocalRegion
from tests.contract.calls import WEBHOOKS, registered
from tests.http_client import http_client

Event = tuple[str, dict[str, Any]]


async def events(answer: httpx.Response) -> AsyncIterator[Event]:
    """The events of a stream, in their order."""
    name = ""
    async for line in answer.aiter_lines():
        kind, _, value = line.partition(": ")
        if kind == "event":
            name = value
        elif kind == "data":
            yield name, json.loads(value)


async def test_the_past_comes_first_and_then_the_present_once_a_second(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/dashboard/events") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        told = events(answer)
        name, past = await anext(told)
        assert name == "past"
        assert past["regions"] == ["us-iowa"]
        assert len(past["at_milliseconds"]) == len(past["events"][0]) == len(past["milliseconds"][0]) > 0
        presents = [await anext(told) for _ in range(3)]
        assert {(name, present["here"]) for name, present in presents} == {("present", "us-iowa")}
        at = [present["at_milliseconds"] for _, present in presents]
        assert past["at_milliseconds"][-1] == at[0], "the past ends with the present that comes with it"
        assert all(500 < after - before < 3_000 for before, after in itertools.pairwise(at))


async def test_writes_are_shown_by_their_level_and_without_their_organization(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    async with asyncio.timeout(10), client.stream("GET", "/dashboard/events") as answer:
        async for name, told in events(answer):
            if name == "present" and told["paces"][0]["per_second"] > 0:
                break
    assert [pace["level"] for pace in told["paces"]] == ["local_region", "all_regions"]
    assert 0 < told["paces"][0]["p50_milliseconds"] <= told["paces"][0]["p99_milliseconds"] < 30_000
    written = json.dumps(told)
    assert webhook not in written
    assert client.headers["SlashID-OrgID"] not in written


async def test_what_the_page_shows_is_also_there_as_json(client: httpx.AsyncClient) -> None:
    answer = await client.get("/dashboard/lag")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json().keys() == (await told_by(str(client.base_url))).keys()
    assert [region["name"] for region in answer.json()["regions"]] == ["us-iowa"]


async def test_each_process_of_a_region_names_itself_with_its_figures(region: LocalRegion) -> None:
    service = await region.add_service()
    await service.wait_ready()
    named = [(await told_by(url))["process"] for url in (region.http_url, service.url)]
    ports = [url.rpartition(":")[2] for url in (region.http_url, service.url)]
    assert named == [f"{socket.gethostname()}:{port}" for port in ports]
    await service.stop()


async def told_by(url: str) -> dict[str, Any]:
    """The first present that a process sends."""
    async with (
        http_client(url, timeout=10) as client,
        client.stream("GET", "/dashboard/events") as answer,
    ):
        async for name, told in events(answer):
            if name == "present":
                return told
    raise AssertionError


async def test_one_listener_too_many_is_answered_503_in_the_envelope_and_requests_continue(region: LocalRegion) -> None:
    service = await region.add_service({"CROSSHOOK_DASHBOARD_LISTENERS_MAX": "2", "CROSSHOOK_REQUESTS_MAX": "1"})
    await service.wait_ready()
    async with (
        http_client(service.url, timeout=10) as client,
        client.stream("GET", "/dashboard/events") as first,
        client.stream("GET", "/dashboard/events") as second,
    ):
        assert (first.status_code, second.status_code) == (200, 200)
        refused = await client.get("/dashboard/events")
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        assert refused.json()["errors"] == [
            {"httpcode": 503, "message": "at most 2 pages may be open at once; try again"}
        ]
        assert (await client.get(WEBHOOKS)).status_code == 401, "listeners hold no request's place"
        stopping = asyncio.create_task(service.stop())
        async with asyncio.timeout(2):
            for answer in (first, second):
                async for _ in events(answer):
                    pass
        await stopping

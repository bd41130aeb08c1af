"""The exact responses when all is well."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

import httpx
import pytest

from core.catalogue import NAMES, TriggerType
from deploy.local import LocalRegion
from tests.contract.calls import A_TRIGGER, WEBHOOKS, a_body, in_pieces, newcomer, registered, triggers_of, until
from tests.metrics import next_second

NOTHING_MORE = {"meta": {"pagination": {"limit": 0, "offset": 0, "total_count": 0}}, "errors": []}
ALL = [(kind.value, name) for kind in TriggerType for name in NAMES[kind]]


@pytest.mark.parametrize("level", [None, "local_region", "all_regions"])
@pytest.mark.parametrize("seconds", [None, "1", "120"])
async def test_a_created_trigger_is_answered_as_the_page_says(
    client: httpx.AsyncClient, level: str | None, seconds: str | None
) -> None:
    """It is 201 with `meta` and `errors`, and without `result`."""
    asked = {"SlashID-Required-Consistency": level, "SlashID-Required-Consistency-Timeout": seconds}
    headers = {name: value for name, value in asked.items() if value is not None}
    answer = await client.post(triggers_of(await registered(client)), json=A_TRIGGER, headers=headers)
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == NOTHING_MORE


async def test_every_trigger_of_the_page_can_be_created_and_they_are_listed_in_creation_order(
    client: httpx.AsyncClient,
) -> None:
    webhook = await registered(client)
    assert len(ALL) == 37
    for kind, name in reversed(ALL):
        body = {"trigger_type": kind, "trigger_name": name}
        assert (await client.post(triggers_of(webhook), json=body)).status_code == 201
    answer = await client.get(triggers_of(webhook))
    assert answer.status_code == 200
    assert answer.json() == {
        "meta": {"pagination": {"limit": 37, "offset": 0, "total_count": 37}},
        "errors": [],
        "result": [{"trigger_type": kind, "trigger_name": name} for kind, name in reversed(ALL)],
    }


async def test_an_existing_trigger_is_created_again_and_keeps_its_place(
    client: httpx.AsyncClient,
) -> None:
    webhook = await registered(client)
    other = {"trigger_type": "sync_hook", "trigger_name": "token_minted"}
    for body in (A_TRIGGER, other, A_TRIGGER):
        answer = await client.post(triggers_of(webhook), json=body)
        assert (answer.status_code, answer.json()) == (201, NOTHING_MORE)
    assert (await client.get(triggers_of(webhook))).json()["result"] == [A_TRIGGER, other]


@pytest.mark.parametrize("custom_headers", [None, [], {}])
@pytest.mark.parametrize("duration", [None, ""])
async def test_an_optional_member_that_is_null_or_empty_counts_as_absent(
    client: httpx.AsyncClient, custom_headers: object, duration: str | None
) -> None:
    empty = {"description": None, "custom_headers": custom_headers, "timeout": duration}
    created = await client.post(WEBHOOKS, json=a_body(**empty))
    assert created.status_code == 201, created.text
    webhook = created.json()["result"]
    assert (webhook["description"], webhook["timeout"], "custom_headers" in webhook) == ("", "0s", False)


async def test_a_webhook_is_returned_whole_and_reads_back_the_same(client: httpx.AsyncClient) -> None:
    body = a_body(
        description="what it is for \u2028 \U0001f980",
        custom_headers={"X-Token": ["a", "b"], "X-Empty": []},
        timeout="1.5s",
    )
    answer = await client.post(WEBHOOKS, json=body)
    assert answer.status_code == 201
    created = answer.json()
    assert set(created) == {"meta", "errors", "result"}
    assert (created["meta"], created["errors"]) == ({}, [])
    assert uuid.UUID(created["result"].pop("id")).version == 7
    times = {created["result"].pop("created_at"), created["result"].pop("updated_at")}
    assert len(times) == 1
    assert abs(datetime.now(UTC) - datetime.fromisoformat(times.pop())) < timedelta(seconds=10)
    assert created["result"] == body
    webhook = str(answer.json()["result"]["id"])
    read = await client.get(f"{WEBHOOKS}/{webhook}")
    assert read.status_code == 200
    assert read.json() == answer.json()


async def test_an_unset_field_reads_back_as_nothing(client: httpx.AsyncClient) -> None:
    body = a_body()
    answer = (await client.post(WEBHOOKS, json=body)).json()
    made = {name: answer["result"][name] for name in ("id", "created_at", "updated_at")}
    expected = {**body, **made, "description": "", "timeout": "0s"}
    assert answer["result"] == expected
    assert (await client.get(f"{WEBHOOKS}/{expected['id']}")).json()["result"] == expected


async def test_an_organization_without_webhooks_has_an_empty_list(client: httpx.AsyncClient) -> None:
    answer = await client.get(WEBHOOKS)
    nothing = {"meta": {"pagination": {"limit": 0, "offset": 0, "total_count": 0}}, "errors": [], "result": []}
    assert (answer.status_code, answer.json()) == (200, nothing)
    triggers = await client.get(triggers_of(await registered(client)))
    assert (triggers.status_code, triggers.json()) == (200, nothing)


async def test_webhooks_are_listed_in_creation_order(client: httpx.AsyncClient) -> None:
    made = [await registered(client) for _ in range(5)]
    answer = (await client.get(WEBHOOKS)).json()
    assert [webhook["id"] for webhook in answer["result"]] == made
    assert answer["meta"] == {"pagination": {"limit": 5, "offset": 0, "total_count": 5}}


async def test_a_webhook_is_found_by_its_id_in_capitals_too(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    assert (await client.get(f"{WEBHOOKS}/{webhook.upper()}")).json()["result"]["id"] == webhook
    assert (await client.post(triggers_of(webhook.upper()), json=A_TRIGGER)).status_code == 201
    assert (await client.get(triggers_of(webhook))).json()["result"] == [A_TRIGGER]


@pytest.mark.parametrize(
    "fields",
    [
        {"timeout": "0"},
        {"timeout": "20s"},
        {"timeout": "20000ms"},
        {"target_url": "https://EXAMPLE.com:8443/a/b;c=d/%20"},
        {"target_url": "https://xn--nxasmq6b.example"},
        {"name": "\U0001f980" * 1_000},
        {"custom_headers": {}},
        {"custom_headers": {"X-A": ["caf\u00e9"]}},
        {"unknown": {"members": "are ignored"}, "id": "not yours to say"},
    ],
)
async def test_values_at_the_limits_are_accepted(client: httpx.AsyncClient, fields: dict[str, object]) -> None:
    answer = await client.post(WEBHOOKS, json=a_body(**fields))
    assert answer.status_code == 201, answer.text
    assert answer.json()["result"]["id"] != "not yours to say"


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "text/plain", ""])
async def test_json_is_json_whatever_it_is_called(client: httpx.AsyncClient, content_type: str) -> None:
    body = f'{{"name": "n", "target_url": "https://{uuid.uuid4()}.example.com"}}'
    answer = await client.post(WEBHOOKS, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 201, answer.text


async def test_a_body_of_exactly_64_kib_is_accepted_in_one_piece_and_in_many(client: httpx.AsyncClient) -> None:
    for is_chunked in (False, True):
        start = f'{{"name": "n", "target_url": "https://{uuid.uuid4()}.example.com", "description": "'
        body = (start + "x" * (65_536 - len(start) - 2) + '"}').encode()
        assert len(body) == 65_536
        answer = await client.post(WEBHOOKS, content=in_pieces(body) if is_chunked else body)
        assert answer.status_code == 201, answer.text[:200]


async def test_a_201_is_read_at_once(client: httpx.AsyncClient) -> None:
    async def create_and_read() -> None:
        webhook = await registered(client)
        assert (await client.get(f"{WEBHOOKS}/{webhook}")).status_code == 200
        assert (await client.post(triggers_of(webhook), json=A_TRIGGER)).status_code == 201
        assert (await client.get(triggers_of(webhook))).json()["result"] == [A_TRIGGER]

    await asyncio.gather(*(create_and_read() for _ in range(25)))
    assert len((await client.get(WEBHOOKS)).json()["result"]) == 25


async def test_of_many_concurrent_requests_for_one_target_url_one_gets_it(client: httpx.AsyncClient) -> None:
    body = a_body()
    answers = await asyncio.gather(*(client.post(WEBHOOKS, json=body) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert len((await client.get(WEBHOOKS)).json()["result"]) == 1


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (WEBHOOKS, {"GET", "HEAD", "POST"}),
        (f"{WEBHOOKS}/nobodys", {"GET", "HEAD", "PATCH", "DELETE"}),
        (triggers_of("nobodys"), {"GET", "HEAD", "POST", "DELETE"}),
        ("/livez", {"GET", "HEAD"}),
    ],
)
async def test_options_names_every_method_of_a_path(client: httpx.AsyncClient, path: str, methods: set[str]) -> None:
    answer = await client.options(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert set(answer.headers["Allow"].split(", ")) == {*methods, "OPTIONS"}


async def test_organizations_neither_see_nor_hinder_one_another(region: LocalRegion, client: httpx.AsyncClient) -> None:
    body = a_body()
    webhook = await registered(client, target_url=body["target_url"])
    stranger = await newcomer(region)
    assert (await client.get(WEBHOOKS, headers=stranger)).json()["result"] == []
    assert (await client.post(WEBHOOKS, json=body, headers=stranger)).status_code == 201
    assert (await client.get(f"{WEBHOOKS}/{webhook}", headers=stranger)).status_code == 404


async def test_a_service_reports_that_it_is_alive_and_ready_and_its_metrics(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    for url in (region.services[0].url, region.replicators[0].url):
        assert (await client.get(f"{url}/livez")).json() == {"status": "alive"}
        ready = await client.get(f"{url}/readyz")
        assert (ready.status_code, ready.json()) == (
            200,
            {"status": "ready", "region": "us-iowa", "waiting_for": [], "halted": {}, "outdated": {}},
        )
        metrics = await client.get(f"{url}/metrics")
        assert metrics.headers["Content-Type"].startswith("text/plain; version=")
        assert "# TYPE crosshook_" in metrics.text


async def test_metrics_of_the_same_second_are_the_same_text_also_for_head(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    for url in (region.services[0].url, region.replicators[0].url):
        async with asyncio.timeout(10):
            while True:
                await next_second()
                second = int(monotonic())
                texts = [(await client.get(f"{url}/metrics")).text for _ in range(3)]
                length = (await client.head(f"{url}/metrics")).headers["Content-Length"]
                if int(monotonic()) == second:
                    break
        assert (len(set(texts)), int(length)) == (1, len(texts[0].encode()))
        await until(partial(differs, client, f"{url}/metrics", texts[0]))


async def differs(client: httpx.AsyncClient, url: str, text: str) -> bool:
    """The process has used some time since: at least that differs after some seconds."""
    return (await client.get(url)).text != text

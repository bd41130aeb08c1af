"""One trace from a request through append, ship and apply in every region, as a collector sees it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator

import httpx
import nats
import pytest
import pytest_asyncio

from deploy.local import LocalRegions, local_regions
from tests.contract.calls import A_TRIGGER, ADMIN_KEY, organization, registered, triggers_of, until
from tests.e2e.evidence import read_log
from tests.http_client import http_client
from tests.integration.service.receiver import Receiver, Taken, receiving
from tests.keys import issue_key

# The links between the regions run where the tests do.
pytestmark = pytest.mark.asyncio(loop_scope="module")

US, EU = "us-iowa", "europe-belgium"
ROUND_TRIP_SECONDS = 0.04
EVERYWHERE = {"SlashID-Required-Consistency": "all_regions"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(receiver: Receiver) -> AsyncIterator[LocalRegions]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        async with local_regions(
            regions=(US, EU),
            round_trips=ROUND_TRIP_SECONDS * 1_000,
            settings={
                "CROSSHOOK_ADMIN_KEY": ADMIN_KEY,
                "CROSSHOOK_TRUST_TRACEPARENT": "true",
                "CROSSHOOK_LAST_USED": "never",  # Its event has no trace, and may share a frame with one that has.
            },
        ) as demo:
            yield demo


@pytest_asyncio.fixture(loop_scope="module")
async def client(demo: LocalRegions) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a new organization, with a key that every region knows."""
    name = organization()
    async with http_client(demo.region(US).http_url, timeout=30) as client:
        key = await issue_key(client, ADMIN_KEY, name, level="all_regions")
        client.headers.update({"SlashID-OrgID": name, "SlashID-API-Key": key})
        yield client


def a_traceparent(*, is_sampled: bool = True) -> tuple[str, str, str]:
    """A trace that another program began: its header, its id, and the id of its span."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    return f"00-{trace_id}-{span_id}-0{int(is_sampled)}", trace_id, span_id


async def trace_of(receiver: Receiver, trace_id: str, *, spans: int) -> list[Taken]:
    async def are_there() -> bool:
        return len(receiver.of(trace_id)) >= spans

    await until(are_there)
    return receiver.of(trace_id)


def only(spans: list[Taken], name: str, region: str, process: str = "service") -> Taken:
    (found,) = (
        span for span in spans if (span.name, span.region, span.process) == (name, region, f"crosshook-{process}")
    )
    return found


async def test_a_write_for_all_regions_is_one_trace_with_both_regions_processes_in_it(
    receiver: Receiver, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    header, trace_id, their_span = a_traceparent()
    response = await client.post(triggers_of(webhook), json=A_TRIGGER, headers={**EVERYWHERE, "traceparent": header})
    assert response.status_code == 201
    spans = await trace_of(receiver, trace_id, spans=7)
    assert len(spans) == 7
    request = only(spans, "POST /organizations/webhooks/{webhook_id}/triggers", US)
    assert (request.parent, request.kind) == (their_span, "SERVER")
    read, append, wait = (only(spans, name, US) for name in ("read", "append", "wait"))
    assert {read.parent, append.parent, wait.parent} == {request.span_id}
    assert append.kind == "PRODUCER"
    ship = only(spans, "ship", EU, "replicator")
    applies = [only(spans, "apply", region, "replicator") for region in (US, EU)]
    for span in (ship, *applies):
        assert (span.parent, span.kind) == (append.span_id, "CONSUMER")
        assert span.attributes["crosshook.origin"] == US
        assert span.attributes["crosshook.sequence"] == request.attributes["crosshook.sequence"]
    assert request.attributes["crosshook.operation_id"] == response.headers["SlashID-Operation-ID"]
    assert request.attributes["http.response.status_code"] == 201
    assert request.seconds >= wait.seconds >= ROUND_TRIP_SECONDS * 0.8
    assert read.seconds + append.seconds + wait.seconds <= request.seconds


async def test_writes_that_are_appended_together_keep_their_own_traces(
    receiver: Receiver, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    headers = [a_traceparent() for _ in range(40)]
    responses = await asyncio.gather(
        *(
            client.post(triggers_of(webhook), json=A_TRIGGER, headers={**EVERYWHERE, "traceparent": header})
            for header, _, _ in headers
        )
    )
    assert {response.status_code for response in responses} == {201}
    for response, (_, trace_id, _) in zip(responses, headers, strict=True):
        spans = await trace_of(receiver, trace_id, spans=7)
        append = only(spans, "append", US)
        followed = [only(spans, "ship", EU, "replicator"), only(spans, "apply", EU, "replicator")]
        request = next(span for span in spans if span.kind == "SERVER")
        assert request.attributes["crosshook.operation_id"] == response.headers["SlashID-Operation-ID"]
        for span in followed:
            assert span.parent == append.span_id
            assert span.attributes["crosshook.sequence"] == request.attributes["crosshook.sequence"]


async def test_a_request_without_a_valid_traceparent_begins_a_trace(
    receiver: Receiver, client: httpx.AsyncClient
) -> None:
    for header in (b"", b"00-nonsense", b"\xe9"):
        headers = {b"traceparent": header, b"SlashID-Required-Consistency": b"nope"}
        response = await client.post("/organizations/webhooks", json={"name": "a"}, headers=headers)
        assert response.status_code == 400
    begun = [span for span in receiver.spans if span.attributes.get("http.response.status_code") == 400]

    async def are_there() -> bool:
        begun[:] = [span for span in receiver.spans if span.attributes.get("http.response.status_code") == 400]
        return len(begun) == 3

    await until(are_there)
    assert {span.parent for span in begun} == {""}
    assert len({span.trace_id for span in begun}) == 3


async def test_an_unsampled_trace_is_not_sent_from_either_region(
    receiver: Receiver, demo: LocalRegions, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    header, trace_id, _ = a_traceparent(is_sampled=False)
    marker, marked_id, _ = a_traceparent()
    for sent in (header, marker):
        response = await client.post(triggers_of(webhook), json=A_TRIGGER, headers={**EVERYWHERE, "traceparent": sent})
        assert response.status_code == 201
    await trace_of(receiver, marked_id, spans=7)
    assert receiver.of(trace_id) == []
    assert [(value[:35], value[-3:]) for value in await traceparents(demo, EU)][-2:] == [
        (f"00-{trace_id}", "-00"),
        (f"00-{marked_id}", "-01"),
    ]


async def traceparents(demo: LocalRegions, region: str) -> list[str]:
    """The `traceparent` headers of Iowa's log in `region`. No other header is copied from Iowa."""
    origin, copy = await headers_in(demo, US), await headers_in(demo, region)
    assert [one.get("traceparent") for one in origin] == [one.get("traceparent") for one in copy]
    assert await read_log(demo.region(US).nats_url, US) == await read_log(demo.region(region).log_url(US), US)
    batches = [{one["Nats-Batch-Id"] for one in log if "Nats-Batch-Id" in one} for log in (origin, copy)]
    assert not batches[0] & batches[1]
    return [one.get("traceparent", "") for one in copy]


async def headers_in(demo: LocalRegions, region: str) -> list[dict[str, str]]:
    client = await nats.connect(demo.region(region).log_url(US))
    try:
        stream = client.jetstream()
        last = (await stream.stream_info(f"EVENTS_{US}")).state.last_seq
        return [dict((await stream.get_msg(f"EVENTS_{US}", seq)).headers or {}) for seq in range(1, last + 1)]
    finally:
        await client.close()


async def test_an_endpoint_for_traces_alone_is_enough_and_is_used_unchanged(
    receiver: Receiver, demo: LocalRegions, client: httpx.AsyncClient
) -> None:
    endpoint = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{receiver.endpoint}/v1/traces",
    }
    region = demo.region(US)
    other = await region.add_service(endpoint)
    try:
        await other.wait_ready()
        header, trace_id, _ = a_traceparent()
        headers = {**client.headers, "traceparent": header}
        async with http_client(other.url, headers=headers, timeout=30) as caller:
            assert (await caller.get("/organizations/webhooks")).status_code == 200
        spans = await trace_of(receiver, trace_id, spans=2)
        assert {span.name for span in spans} == {"GET /organizations/webhooks", "read"}
    finally:
        await other.stop()
        region.services.remove(other)


async def test_the_trace_of_an_untrusted_caller_is_only_a_link(
    receiver: Receiver, demo: LocalRegions, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    region = demo.region(US)
    public = await region.add_service({"CROSSHOOK_TRUST_TRACEPARENT": "false"})
    header, trace_id, their_span = a_traceparent(is_sampled=False)
    try:
        await public.wait_ready()
        async with http_client(public.url, headers={**client.headers, "traceparent": header}, timeout=30) as caller:
            response = await caller.post(triggers_of(webhook), json=A_TRIGGER, headers=EVERYWHERE)
        operation_id = response.headers["SlashID-Operation-ID"]
        found: list[Taken] = []

        async def is_there() -> bool:
            found[:] = [
                span for span in receiver.spans if span.attributes.get("crosshook.operation_id") == operation_id
            ]
            return bool(found)

        await until(is_there)
        assert (found[0].parent, found[0].links) == ("", ((trace_id, their_span),))
        await trace_of(receiver, found[0].trace_id, spans=7)
        assert receiver.of(trace_id) == []
        assert not any(trace_id in value for value in await traceparents(demo, EU))
    finally:
        await public.stop()
        region.services.remove(public)


async def test_frequent_probes_are_not_traced(receiver: Receiver, client: httpx.AsyncClient) -> None:
    header, trace_id, _ = a_traceparent()
    for path in ("/livez", "/readyz", "/metrics", "/schema"):
        assert (await client.get(path, headers={"traceparent": header})).status_code == 200
    read, read_id, _ = a_traceparent()
    await client.get("/organizations/webhooks", headers={"traceparent": read})
    spans = await trace_of(receiver, read_id, spans=2)
    assert {span.name for span in spans} == {"GET /organizations/webhooks", "read"}
    assert receiver.of(trace_id) == []

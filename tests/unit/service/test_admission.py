import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from service.admission import Admission, arrival_of

WEBHOOKS = "/organizations/webhooks"
Scope = MutableMapping[str, Any]


class Held:
    """An application that answers 204 when it is let."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, _receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        self.scopes.append(scope)
        await self.may_answer.wait()
        if scope["path"] == "/breaks":
            raise RuntimeError("broken")
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Client:
    """What one request was sent."""

    def __init__(self, app: Admission, path: str, *, kind: str = "http") -> None:
        self.sent: list[dict[str, Any]] = []
        self.scope: Scope = {"type": kind, "path": path, "method": "GET"}
        self.task = asyncio.create_task(app(self.scope, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


async def reached(held: Held, count: int) -> None:
    async with asyncio.timeout(2):
        while len(held.scopes) < count:
            await asyncio.sleep(0)


def in_flight() -> float | None:
    return REGISTRY.get_sample_value("crosshook_requests_in_flight")


async def test_one_too_many_is_refused_at_once_in_the_envelope_and_told_when_to_try_again() -> None:
    held = Held()
    app = Admission(held, requests_max=2)
    waiting = [Client(app, WEBHOOKS) for _ in range(2)]
    await reached(held, 2)
    refused = Client(app, WEBHOOKS)
    await refused.task
    assert refused.status == 503
    assert dict(refused.sent[0]["headers"]) == {b"content-type": b"application/json", b"retry-after": b"1"}
    body = msgspec.json.decode(refused.sent[1]["body"])
    assert body["errors"][0]["httpcode"] == 503
    assert "too many requests" in body["errors"][0]["message"]
    held.may_answer.set()
    await asyncio.gather(*(client.task for client in waiting))
    assert [client.status for client in waiting] == [204, 204]
    assert len(held.scopes) == 2


async def test_whoever_is_answered_makes_room_also_when_the_answer_is_a_failure() -> None:
    held = Held()
    held.may_answer.set()
    app = Admission(held, requests_max=1)
    with pytest.raises(RuntimeError):
        await Client(app, "/breaks").task
    for _ in range(3):
        client = Client(app, WEBHOOKS)
        await client.task
        assert client.status == 204
    assert in_flight() == 0


async def test_whoever_is_cancelled_makes_room() -> None:
    held = Held()
    app = Admission(held, requests_max=1)
    gone = Client(app, WEBHOOKS)
    await reached(held, 1)
    gone.task.cancel()
    await asyncio.gather(gone.task, return_exceptions=True)
    held.may_answer.set()
    client = Client(app, WEBHOOKS)
    await client.task
    assert client.status == 204


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_a_full_process_still_says_how_it_is(path: str) -> None:
    held = Held()
    app = Admission(held, requests_max=1)
    waiting, asking = Client(app, WEBHOOKS), Client(app, path)
    await reached(held, 2)
    held.may_answer.set()
    await asyncio.gather(waiting.task, asking.task)
    assert asking.status == 204


async def test_a_request_knows_when_it_arrived_however_long_it_is_looked_at() -> None:
    held = Held()
    before = asyncio.get_running_loop().time()
    client = Client(Admission(held, requests_max=1), WEBHOOKS)
    await reached(held, 1)
    arrival = arrival_of(held.scopes[0])
    assert before <= arrival <= asyncio.get_running_loop().time()
    held.may_answer.set()
    await client.task
    assert arrival_of(client.scope) == arrival


async def test_what_is_no_request_is_passed_on_as_it_is() -> None:
    held = Held()
    held.may_answer.set()
    client = Client(Admission(held, requests_max=0), "", kind="lifespan")
    await client.task
    assert held.scopes == [{"type": "lifespan", "path": "", "method": "GET"}]


async def test_answers_are_counted_by_method_and_status() -> None:
    labels = {"method": "GET", "status": "204"}
    before = REGISTRY.get_sample_value("crosshook_requests_total", labels) or 0
    held = Held()
    held.may_answer.set()
    await Client(Admission(held, requests_max=1), WEBHOOKS).task
    assert REGISTRY.get_sample_value("crosshook_requests_total", labels) == before + 1

import asyncio
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import msgspec
import pytest

from service.http.admission import Admission
from service.http.received import arrival_of
from service.http.request_path import RequestPath
from tests.unit.runtime.serving import connect, reset, served
from tests.unit.service.http.asking import API_KEY
from tests.unit.service.http.paths import BODY_BYTES_MAX, path_to

WEBHOOKS = "/organizations/webhooks"
Scope = MutableMapping[str, Any]
Headers = Sequence[tuple[bytes, bytes]]
KEY = (b"slashid-api-key", API_KEY.encode())


class Held:
    """An application that answers 204 when the test allows it."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.scopes: list[Scope] = []
        self.received: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        self.scopes.append(scope)
        if scope["type"] == "http" and scope["method"] == "POST":
            self.received.append(await receive())
        await self.may_answer.wait()
        if scope["path"] == "/breaks":
            raise RuntimeError("broken")
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Client:
    """One request, and the messages of its response."""

    def __init__(
        self,
        app: RequestPath,
        path: str,
        *,
        kind: str = "http",
        method: str = "GET",
        length: str = "",
        headers: Headers = (KEY,),
    ) -> None:
        self.sent: list[dict[str, Any]] = []
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        headers = [*headers, *([(b"content-length", length.encode())] if length else [])]
        self.scope: Scope = {"type": kind, "path": path, "method": method, "headers": headers, "query_string": b""}
        if method == "GET":
            self.scope["state"] = {"crosshook.is_whole": True}
            self.give(b"", more=False)
        self.task = asyncio.create_task(app(self.scope, self.receive, self.send))

    def give(self, body: bytes, *, more: bool) -> None:
        self.messages.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def leave(self) -> None:
        self.messages.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> dict[str, Any]:
        return await self.messages.get()

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def refusal(self) -> dict[str, Any]:
        response = msgspec.json.decode(self.sent[1]["body"])
        assert self.headers[b"content-length"] == str(len(self.sent[1]["body"])).encode()
        assert self.headers[b"content-type"] == b"application/json"
        return dict(response["errors"][0])


WITHOUT_KEY = b"POST /organizations/webhooks HTTP/1.1\r\nHost: here\r\n"
HEAD = WITHOUT_KEY + b"SlashID-API-Key: " + API_KEY.encode() + b"\r\n"


async def reached(held: Held, count: int) -> None:
    async with asyncio.timeout(2):
        while len(held.scopes) < count:
            await asyncio.sleep(0)


async def test_one_request_too_many_is_refused_at_once_with_an_envelope_and_retry_after() -> None:
    held = Held()
    app = path_to(held, requests_max=2)
    waiting = [Client(app, WEBHOOKS) for _ in range(2)]
    await reached(held, 2)
    refused = Client(app, WEBHOOKS)
    await refused.task
    assert refused.status == 503
    assert refused.headers[b"retry-after"] == b"1"
    assert refused.refusal["httpcode"] == 503
    assert "too many requests" in refused.refusal["message"]
    held.may_answer.set()
    await asyncio.gather(*(client.task for client in waiting))
    assert [client.status for client in waiting] == [204, 204]
    assert len(held.scopes) == 2


async def test_an_answered_request_makes_room_even_if_the_response_is_a_failure() -> None:
    held = Held()
    held.may_answer.set()
    admission = Admission(requests_max=1, body_bytes_max=BODY_BYTES_MAX)
    app = path_to(held, admission=admission)
    with pytest.raises(RuntimeError):
        await Client(app, "/breaks").task
    for _ in range(3):
        client = Client(app, WEBHOOKS)
        await client.task
        assert client.status == 204
    assert admission.in_flight == 0


async def test_a_cancelled_request_makes_room() -> None:
    held = Held()
    app = path_to(held, requests_max=1)
    gone = Client(app, WEBHOOKS)
    await reached(held, 1)
    gone.task.cancel()
    await asyncio.gather(gone.task, return_exceptions=True)
    held.may_answer.set()
    client = Client(app, WEBHOOKS)
    await client.task
    assert client.status == 204


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_a_full_process_still_reports_its_health(path: str) -> None:
    held = Held()
    app = path_to(held, requests_max=1)
    waiting, asking = Client(app, WEBHOOKS), Client(app, path)
    await reached(held, 2)
    held.may_answer.set()
    await asyncio.gather(waiting.task, asking.task)
    assert asking.status == 204


async def test_the_arrival_of_a_request_does_not_change_while_it_is_handled() -> None:
    held = Held()
    before = asyncio.get_running_loop().time()
    client = Client(path_to(held, requests_max=1), WEBHOOKS)
    await reached(held, 1)
    arrival = arrival_of(held.scopes[0])
    assert before <= arrival <= asyncio.get_running_loop().time()
    held.may_answer.set()
    await client.task
    assert arrival_of(client.scope) == arrival


async def test_what_is_no_request_is_passed_on_as_it_is() -> None:
    held = Held()
    held.may_answer.set()
    client = Client(path_to(held, requests_max=0), "", kind="lifespan")
    await client.task
    assert held.scopes == [client.scope]


async def test_a_request_without_its_body_takes_no_place() -> None:
    held = Held()
    held.may_answer.set()
    app = path_to(held, requests_max=1)
    stalled = [Client(app, WEBHOOKS, method="POST", length="3") for _ in range(3)]
    for client in stalled:
        client.give(b"{", more=True)
    other = Client(app, WEBHOOKS)
    await other.task
    assert other.status == 204
    assert held.received == []
    for client in stalled:
        client.give(b"", more=True)
        client.give(b"} ", more=False)
        await client.task
    assert [client.status for client in stalled] == [204] * 3
    assert held.received == [{"type": "http.request", "body": b"{} ", "more_body": False}] * 3


async def test_a_late_body_gets_408_and_ends_the_connection() -> None:
    held = Held()
    client = Client(
        path_to(held, requests_max=1, body_seconds=0.05),
        WEBHOOKS,
        method="POST",
        length="3",
    )
    client.give(b"{", more=True)
    await client.task
    assert client.status == 408
    assert client.refusal == {"httpcode": 408, "message": "body: it did not arrive within 0.05 s"}
    assert client.headers[b"connection"] == b"close"
    assert client.headers[b"retry-after"] == b"1"
    assert held.scopes == []


@pytest.mark.parametrize("length", ["", str(BODY_BYTES_MAX + 1), "9" * 18])
async def test_a_too_large_body_gets_413_and_is_not_read_if_its_length_is_declared(length: str) -> None:
    held = Held()
    client = Client(path_to(held, requests_max=1), WEBHOOKS, method="POST", length=length)
    if not length:
        client.give(b"." * BODY_BYTES_MAX, more=True)
        client.give(b".", more=True)
    await client.task
    assert client.refusal == {"httpcode": 413, "message": "body: expected at most 65536 bytes"}
    assert held.scopes == []


async def test_a_body_of_the_maximum_size_is_accepted() -> None:
    held = Held()
    held.may_answer.set()
    app = path_to(held, requests_max=1)
    client = Client(app, WEBHOOKS, method="POST", length=str(BODY_BYTES_MAX))
    client.give(b"." * BODY_BYTES_MAX, more=False)
    await client.task
    assert client.status == 204
    assert len(held.received[0]["body"]) == BODY_BYTES_MAX


async def test_a_client_that_leaves_while_it_sends_gets_nothing() -> None:
    held = Held()
    client = Client(path_to(held, requests_max=1), WEBHOOKS, method="POST", length="3")
    client.give(b"{", more=True)
    client.leave()
    await client.task
    assert client.sent == []
    assert held.scopes == []


async def test_a_handler_that_reads_beyond_the_body_receives_the_disconnect() -> None:
    heard: list[str] = []

    async def curious(_scope: Scope, receive: Callable[..., Any], _send: Callable[..., Any]) -> None:
        heard.extend([(await receive())["type"], (await receive())["type"]])

    client = Client(path_to(curious, requests_max=1), WEBHOOKS)
    client.leave()
    await client.task
    assert heard == ["http.request", "http.disconnect"]


async def test_the_time_for_the_body_counts_as_time_of_the_request() -> None:
    held = Held()
    client = Client(path_to(held, requests_max=1), WEBHOOKS, method="POST", length="1")
    loop = asyncio.get_running_loop()
    while "crosshook.arrival" not in client.scope:
        await asyncio.sleep(0)
    headed = loop.time()
    await asyncio.sleep(0.02)
    client.give(b"1", more=False)
    await reached(held, 1)
    assert arrival_of(held.scopes[0]) <= headed
    held.may_answer.set()
    await client.task


NO_KEYS = [(), ((b"slashid-api-key", b"crosshook_no_key"),), ((b"authorization", b"Bearer " + b"a" * 32),)]


@pytest.mark.parametrize("headers", NO_KEYS)
@pytest.mark.parametrize("length", ["3", str(BODY_BYTES_MAX + 1), ""])
async def test_a_head_without_a_key_is_refused_before_its_body_is_read(headers: Headers, length: str) -> None:
    held = Held()
    client = Client(path_to(held), WEBHOOKS, method="POST", length=length, headers=headers)
    await client.task
    assert client.status == 401
    assert client.headers[b"www-authenticate"] == b'ApiKey header="SlashID-API-Key"'
    assert held.scopes == []


@pytest.mark.parametrize("headers", [*NO_KEYS, (KEY,)])
async def test_a_head_of_an_admin_route_without_an_admin_key_is_refused_before_its_body_is_read(
    headers: Headers,
) -> None:
    held = Held()
    path = "/admin/organizations/af5fbd30-7ce7-4548-8b30-4cd59cb2aba1/keys"
    client = Client(path_to(held), path, method="POST", length="3", headers=headers)
    await client.task
    assert (client.status, client.headers[b"www-authenticate"]) == (401, b"Bearer")
    assert held.scopes == []


@pytest.mark.parametrize(("path", "method"), [("/nowhere", "POST"), ("/schema", "POST"), (WEBHOOKS, "OPTIONS")])
async def test_a_request_that_needs_no_key_is_answered_without_its_body(path: str, method: str) -> None:
    held = Held()
    held.may_answer.set()
    client = Client(path_to(held), path, method=method, length="3", headers=())
    await client.task
    assert client.status == 204
    assert [message["body"] for message in held.received] == [b""] * (method == "POST")


async def test_a_second_key_is_refused_before_the_body_is_read() -> None:
    client = Client(path_to(Held()), WEBHOOKS, method="POST", length="3", headers=(KEY, KEY))
    await client.task
    assert (client.status, client.refusal["message"]) == (400, "header SlashID-API-Key: expected to be given once")


async def test_a_late_a_too_large_and_an_abandoned_body_over_a_real_connection() -> None:
    held = Held()
    held.may_answer.set()
    async with (
        served(path_to(held, requests_max=1, body_seconds=0.1)) as port,
        asyncio.timeout(5),
    ):
        _, given_up = await connect(port)
        given_up.write(HEAD + b"Content-Length: 3\r\n\r\n{")
        reset(given_up)

        reader, writer = await connect(port)
        writer.write(HEAD + b"Content-Length: 3\r\n\r\n{")
        response = await reader.read()
        assert response.startswith(b"HTTP/1.1 408 ")
        assert response.endswith(b'"message":"body: it did not arrive within 0.1 s"}]}')
        writer.close()

        reader, writer = await connect(port)
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n10001\r\n" + b"." * 65_537)
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        await reader.readuntil(b'at most 65536 bytes"}]}')
        assert await reader.read() == b"", "the rest of the body is not read"
        writer.close()
    assert held.received == []


EXPECTING = b"Expect: 100-continue\r\n"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (WITHOUT_KEY + b"Content-Length: 3\r\n\r\n", 401),
        (WITHOUT_KEY + EXPECTING + b"Content-Length: 3\r\n\r\n", 401),
        (HEAD + EXPECTING + b"Content-Length: 65537\r\n\r\n", 413),
        (b"POST /nowhere HTTP/1.1\r\nHost: here\r\n" + EXPECTING + b"Content-Length: 3\r\n\r\n", 204),
    ],
)
async def test_a_response_before_the_body_says_that_it_ends_the_connection(head: bytes, status: int) -> None:
    held = Held()
    held.may_answer.set()
    async with served(path_to(held)) as port, asyncio.timeout(5):
        reader, writer = await connect(port)
        writer.write(head)
        response = await reader.read()
        assert response.startswith(b"HTTP/1.1 %d " % status), "no 100 comes before it"
        assert response.count(b"connection: close\r\n") == 1


async def test_a_body_that_is_expected_is_asked_for() -> None:
    held = Held()
    held.may_answer.set()
    async with served(path_to(held)) as port, asyncio.timeout(5):
        reader, writer = await connect(port)
        writer.write(HEAD + EXPECTING + b"Content-Length: 2\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert b"connection: close" not in await reader.readuntil(b"\r\n\r\n")


async def test_a_client_that_sends_its_whole_body_before_it_reads_gets_the_refusal() -> None:
    async with served(path_to(Held())) as port, asyncio.timeout(5):
        for _ in range(10):
            reader, writer = await connect(port)
            writer.write(WITHOUT_KEY + b"Content-Length: 200000\r\n\r\n")
            await asyncio.sleep(0.02)
            writer.write(b"." * 200_000)
            assert (await reader.read()).startswith(b"HTTP/1.1 401 ")

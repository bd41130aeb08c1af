"""Every request is counted and logged, however it ends."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from core.consistency import Level
from core.positions import Epoch, Position, Region, Sequence
from service.http.access_log import NO_RESPONSE, NO_ROUTE
from service.http.instrumentation import Instrumentation
from service.http.write_latency import RATE_SECONDS, WriteLatencies
from service.request.context import Caller, Identified
from service.request.scope import Scope, identified, requires, shows
from service.request.shown import Shown
from service.request.timing import Part
from tests.unit.runtime.serving import connect, reset, served
from tests.unit.service.http.asking import API_KEY
from tests.unit.service.http.paths import path_to

TRIGGERS = "/organizations/webhooks/{webhook_id}/triggers"
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"


class Routes:
    """An application that finds a route, or does not, and answers with a status."""

    def __init__(
        self,
        status: int,
        *,
        template: str = "",
        level: Level | None = None,
        does: Callable[[Identified], Shown] = lambda _: Shown({}),
    ) -> None:
        self._status = status
        self._template = template
        self._level = level
        self._does = does

    async def __call__(self, scope: Scope, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        await receive()
        if self._template:
            scope["path_template"] = self._template
            request = identified(scope, Caller(ORGANIZATION, None))
            if self._level is not None:
                requires(scope, self._level)
            shows(scope, self._does(request))
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(
    routes: Routes,
    *messages: dict[str, Any],
    method: str = "POST",
    kind: str = "http",
    path: str = "/organizations/webhooks/1/triggers",
    lines: list[dict[str, Any]] | None = None,
    latencies: WriteLatencies | None = None,
) -> list[Any]:
    """The response to a request with a body that arrives in `messages`; log lines go into `lines`."""
    sent: list[Any] = []
    coming = iter([*messages, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(coming)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    def write(line: msgspec.Struct) -> None:
        if lines is not None:
            lines.append(msgspec.json.decode(msgspec.json.encode(line)))

    app = path_to(routes, body_bytes_max=20, latencies=latencies, write=write)
    scope = {
        "type": kind,
        "path": path,
        "query_string": b"trigger_name=SECRET",
        "method": method,
        "headers": [(b"slashid-api-key", API_KEY.encode())],
    }
    async with asyncio.timeout(2):
        await app(scope, receive, send)
    await asyncio.sleep(0)  # What is counted and recorded is so at the end of the event loop's turn.
    return sent


BODY = {"type": "http.request", "body": b"{}"}


def counted(route: str, level: str, status: int) -> float:
    labels = {"route": route, "level": level, "status": str(status)}
    return REGISTRY.get_sample_value("crosshook_http_requests_total", labels) or 0


def written(level: Level) -> float:
    return REGISTRY.get_sample_value("crosshook_write_seconds_count", {"level": level}) or 0


async def test_a_write_is_counted_by_its_routes_template_its_level_and_its_status_and_timed() -> None:
    route = f"POST {TRIGGERS}"
    before, timed = counted(route, "all_regions", 201), written(Level.ALL_REGIONS)
    for _ in range(2):
        await ask(Routes(201, template=TRIGGERS, level=Level.ALL_REGIONS), BODY)
    assert counted(route, "all_regions", 201) == before + 2
    assert written(Level.ALL_REGIONS) == timed + 2


async def test_a_write_that_fails_is_counted_and_not_timed() -> None:
    before, timed = counted(f"POST {TRIGGERS}", "local_region", 408), written(Level.LOCAL_REGION)
    await ask(Routes(408, template=TRIGGERS, level=Level.LOCAL_REGION), BODY)
    assert counted(f"POST {TRIGGERS}", "local_region", 408) == before + 1
    assert written(Level.LOCAL_REGION) == timed


@pytest.mark.parametrize(
    ("status", "level", "successes", "late"),
    [
        (201, Level.LOCAL_REGION, 1, 0),
        (200, Level.LOCAL_REGION, 1, 0),
        (204, Level.LOCAL_REGION, 1, 0),
        (408, Level.LOCAL_REGION, 0, 1),
        (404, Level.LOCAL_REGION, 0, 0),
        (503, Level.LOCAL_REGION, 0, 0),
        (200, None, 0, 0),
    ],
)
async def test_the_pace_counts_only_writes_that_succeed_or_are_late(
    status: int, level: Level | None, successes: int, late: int
) -> None:
    latencies = WriteLatencies()

    def takes_a_while(_: Identified) -> Shown:
        time.sleep(0.02)
        return Shown({})

    await ask(Routes(status, template=TRIGGERS, level=level, does=takes_a_while), BODY, latencies=latencies)
    pace = latencies.look(now_seconds=time.monotonic() + 1)[0]
    assert (round(pace.per_second * RATE_SECONDS), pace.late) == (successes, late)
    if successes:
        assert pace.p50_milliseconds is not None
        assert 19 < pace.p50_milliseconds < 1_000


class LatenciesThatFail(WriteLatencies):
    """They cannot take a duration."""

    def took(self, level: Level, seconds: float, *, now_seconds: float) -> None:
        raise ValueError(level, seconds, now_seconds)


async def test_an_error_while_requests_are_counted_does_not_end_counting() -> None:
    lines: list[msgspec.Struct] = []
    errors: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["exception"]))
    instrumentation = Instrumentation(latencies=LatenciesThatFail(), write=lines.append)
    before = counted(NO_ROUTE, "local_region", 404)
    for status in (201, 404):
        scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        requires(scope, Level.LOCAL_REGION)
        measured = instrumentation.begin(scope, is_logged=True)
        measured.answered(status)
        instrumentation.end(measured, is_broken_off=False)
        await asyncio.sleep(0)
    assert [type(error) for error in errors] == [ValueError]
    assert counted(NO_ROUTE, "local_region", 404) == before + 1
    assert len(lines) == 1


async def test_a_read_has_no_level() -> None:
    before = counted(f"GET {TRIGGERS}", "none", 200)
    await ask(Routes(200, template=TRIGGERS), BODY, method="GET")
    assert counted(f"GET {TRIGGERS}", "none", 200) == before + 1


async def test_invented_methods_make_no_series() -> None:
    before = counted("none", "none", 405)
    for method in ("MADE", "UP"):
        await ask(Routes(405), BODY, method=method)
    assert counted("none", "none", 405) == before + 2


async def test_a_request_that_is_refused_before_it_has_a_route_is_counted() -> None:
    before = counted("none", "none", 413)
    sent = await ask(Routes(201), {**BODY, "body": b"." * 21})
    assert sent[0]["status"] == 413
    assert counted("none", "none", 413) == before + 1


async def test_a_client_that_leaves_while_sending_is_not_answered_and_not_counted() -> None:
    before = counted("none", "none", 200)
    assert await ask(Routes(200)) == []
    assert counted("none", "none", 200) == before


async def test_what_is_no_request_is_passed_on_as_it_is() -> None:
    assert [message["type"] for message in await ask(Routes(200), BODY, kind="lifespan")] == [
        "http.response.start",
        "http.response.body",
    ]


def wrote(request: Identified) -> Shown:
    """A request appended an event and waited for it."""
    for part in Part:
        with request.timing.during(part):
            pass
    return Shown({}, "0190", Position(Region("us-iowa"), Epoch("k3v9x2"), Sequence(42)))


async def test_a_request_is_one_line_with_its_outcome_and_where_its_time_went() -> None:
    lines: list[Any] = []
    await ask(
        Routes(201, template=TRIGGERS, level=Level.ALL_REGIONS, does=wrote),
        {**BODY, "body": b'{"a": "SECRET"}'},
        lines=lines,
    )
    (line,) = lines
    assert line.pop("timestamp").endswith("Z")
    times = [line.pop(name) for name in ("milliseconds", *(f"{part}_milliseconds" for part in Part))]
    assert line == {
        "event": "request",
        "level": "info",
        "method": "POST",
        "route": TRIGGERS,
        "status": 201,
        "outcome": "done",
        "organization_id": ORGANIZATION,
        "consistency": "all_regions",
        "operation_id": "0190",
        "origin": "us-iowa",
        "sequence": 42,
    }
    assert all(isinstance(milliseconds, float) and 0 <= milliseconds < 1_000 for milliseconds in times)
    assert times[0] >= sum(times[1:])


async def test_a_line_leaves_out_what_is_unknown_and_has_no_path() -> None:
    lines: list[Any] = []
    await ask(Routes(404), BODY, lines=lines)
    (line,) = lines
    assert line.pop("milliseconds") >= 0
    assert line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "method": "POST",
        "route": "none",
        "status": 404,
        "outcome": "refused",
    }


async def test_a_client_that_leaves_while_sending_is_logged_as_having_left() -> None:
    lines: list[Any] = []
    await ask(Routes(200), lines=lines)
    assert [(line["outcome"], line["status"]) for line in lines] == [("left", NO_RESPONSE)]


async def raises(_: Callable[..., Any]) -> None:
    raise RuntimeError("broken")


async def forgets(_: Callable[..., Any]) -> None:
    pass


async def is_cancelled(_: Callable[..., Any]) -> None:
    raise asyncio.CancelledError


async def breaks_off(send: Callable[..., Any]) -> None:
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
    raise RuntimeError("broken")


async def says_nonsense(send: Callable[..., Any]) -> None:
    await send({"type": "http.response.start", "status": 201, "headers": [(b"location", b"/\r\n")]})


@pytest.mark.parametrize(
    ("dies", "status", "said"),
    [
        (raises, 500, b"HTTP/1.1 500 "),
        (forgets, 500, b"HTTP/1.1 500 "),
        (is_cancelled, 500, b"HTTP/1.1 500 "),
        (breaks_off, 201, b"HTTP/1.1 201 "),
        (says_nonsense, 201, b""),
    ],
)
async def test_an_application_that_ends_before_or_within_its_response_has_failed_and_is_counted(
    dies: Callable[[Callable[..., Any]], Any], status: int, said: bytes
) -> None:
    """On a real connection, the log and the count agree with the response that the client got."""
    lines: list[Any] = []

    async def app(scope: Scope, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        await receive()
        scope["path_template"] = TRIGGERS
        await dies(send)

    def write(line: msgspec.Struct) -> None:
        lines.append(msgspec.json.decode(msgspec.json.encode(line)))

    before = counted(f"GET {TRIGGERS}", "none", status)
    observing = path_to(app, body_bytes_max=20, write=write)
    async with served(observing) as port:
        reader, writer = await connect(port)
        writer.write(b"GET /organizations/webhooks HTTP/1.1\r\nHost: here\r\n\r\n")
        async with asyncio.timeout(5):
            response = await reader.read()
    assert response.startswith(said)
    assert response or not said
    assert [(line["outcome"], line["status"], line["route"]) for line in lines] == [("failed", status, TRIGGERS)]
    assert counted(f"GET {TRIGGERS}", "none", status) == before + 1


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", NO_RESPONSE), (b"nonsense\r\n", 400), (b"2;" + b"x" * 70_000, 431), (b"2\r\n{}\r\n", 400)],
    ids=["reset", "no chunk", "large chunk head", "half-closed"],
)
async def test_a_body_that_breaks_off_is_one_line_with_the_status_of_the_response(body: bytes, status: int) -> None:
    lines: list[Any] = []

    def write(line: msgspec.Struct) -> None:
        lines.append(msgspec.json.decode(msgspec.json.encode(line)))

    before = counted("none", "none", status)
    observing = path_to(Routes(201), body_bytes_max=99, write=write)
    async with served(observing) as port:
        reader, writer = await connect(port)
        writer.write(
            b"POST /organizations/webhooks HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n"
            b"SlashID-API-Key: " + API_KEY.encode() + b"\r\n\r\n" + body
        )
        if status == NO_RESPONSE:
            reset(writer)
        elif body.endswith(b"{}\r\n"):
            writer.write_eof()
        async with asyncio.timeout(5):
            while not lines:
                await asyncio.sleep(0.005)
            if status != NO_RESPONSE:
                assert (await reader.read()).startswith(b"HTTP/1.1 %d " % status)
    outcome = "left" if status == NO_RESPONSE else "refused"
    assert [(line["outcome"], line["status"]) for line in lines] == [(outcome, status)]
    assert counted("none", "none", status) == before + (status != NO_RESPONSE)


@pytest.mark.parametrize(
    "path",
    [
        *("/livez", "/readyz", "/metrics", "/", "/docs", "/openapi.json", "/schema", "/schema/openapi.json"),
        *("/dashboard", "/dashboard/events", "/dashboard/lag"),
    ],
)
async def test_frequent_requests_about_the_process_are_counted_and_not_logged(path: str) -> None:
    lines: list[Any] = []
    before = counted(f"GET {path}", "none", 200)
    await ask(Routes(200, template=path), BODY, method="GET", path=path, lines=lines)
    assert counted(f"GET {path}", "none", 200) == before + 1
    assert lines == []

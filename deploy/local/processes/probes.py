"""Ask a process whether it is ready. A probe takes 1 s at most."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import msgspec

from deploy.local.network.ports import LOCALHOST

_PROBE_SECONDS_MAX = 1.0
_ANSWER_BYTES_MAX = 64 << 10
_REASON_CHARACTERS_MAX = 300


_SECRETS_WRITTEN = re.compile(rb"^crosshook_secrets_written_timestamp_seconds (\S+)$", re.MULTILINE)


class Ready(msgspec.Struct, frozen=True):
    """The process is ready."""


class Waiting(msgspec.Struct, frozen=True):
    """The process is not ready yet, and why."""

    reason: str


Readiness = Ready | Waiting
Probe = Callable[[], Awaitable[Readiness]]


def nats_probe(port: int) -> Probe:
    """Ready once the server greets with its INFO."""

    async def greeting(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> Readiness:
        line = await reader.readline()
        return Ready() if line.startswith(b"INFO ") else Waiting(f"NATS greets with {_shortened(line)}")

    return _over_tcp(port, greeting)


def redis_probe(port: int, *, user: str, password: Callable[[], str]) -> Probe:
    """Ready once the server answers PING with PONG. While it loads its data it answers with an error."""

    async def ping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Readiness:
        writer.write(f"AUTH {user} {password()}\r\n".encode())
        if (line := await reader.readline()) == b"+OK\r\n":
            writer.write(b"PING\r\n")
            line = await reader.readline()
        return Ready() if line == b"+PONG\r\n" else Waiting(f"Redis answers {_shortened(line)}")

    return _over_tcp(port, ping)


def http_probe(port: int) -> Probe:
    """Ready once `/readyz` returns 200. Until then its body names what the process waits for."""

    async def readyz(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Readiness:
        writer.write(f"GET /readyz HTTP/1.1\r\nHost: {LOCALHOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read(_ANSWER_BYTES_MAX)
        while len(answer) < _ANSWER_BYTES_MAX and (more := await reader.read(_ANSWER_BYTES_MAX)):
            answer += more
        head, _, body = answer.partition(b"\r\n\r\n")
        status = head.split(b" ", 2)[1:2]
        return Ready() if status == [b"200"] else Waiting(_reason(body))

    return _over_tcp(port, readyz)


def secrets_probe(port: int, *, written_seconds: float) -> Probe:
    """Ready once all connections of a process use the logins that were written then, or later."""

    async def metrics(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Readiness:
        writer.write(f"GET /metrics HTTP/1.1\r\nHost: {LOCALHOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        found = _SECRETS_WRITTEN.search(await reader.read(-1))
        if found and float(found[1]) >= written_seconds:
            return Ready()
        return Waiting("it does not use the new login yet; its log says why")

    return _over_tcp(port, metrics)


def _over_tcp(port: int, ask: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Readiness]]) -> Probe:
    async def probe() -> Readiness:
        try:
            async with asyncio.timeout(_PROBE_SECONDS_MAX):
                reader, writer = await asyncio.open_connection(LOCALHOST, port)
                try:
                    return await ask(reader, writer)
                finally:
                    writer.close()
        except TimeoutError:
            return Waiting(f"no answer on port {port} within {_PROBE_SECONDS_MAX:g} s")
        except OSError:
            return Waiting(f"no process listens on port {port} yet")

    return probe


class _Readyz(msgspec.Struct):
    """The part of the body of `/readyz` that is used here."""

    waiting_for: list[str]


def _reason(body: bytes) -> str:
    try:
        return ", ".join(msgspec.json.decode(body, type=_Readyz).waiting_for)[:_REASON_CHARACTERS_MAX]
    except msgspec.DecodeError:
        return _shortened(body) or "no answer from /readyz"


def _shortened(answer: bytes) -> str:
    return answer.decode(errors="replace").strip()[:_REASON_CHARACTERS_MAX]

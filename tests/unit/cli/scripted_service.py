"""A service that sends the responses of a test, and records the requests."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import NamedTuple

import msgspec


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Said(NamedTuple):
    """A response. `length` is its `Content-Length`, if that is not the length of the body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}
    length: int | None = None


class ScriptedService(NamedTuple):
    """Its address, and its requests so far."""

    url: str
    asked: list[Asked]


def said(status: int, **content: object) -> Said:
    """A response in JSON."""
    return Said(status, msgspec.json.encode(content))


def refused(status: int, message: str, **meta: object) -> Said:
    """An error in the envelope of a service."""
    return said(status, meta=meta, errors=[{"httpcode": status, "message": message}])


@contextmanager
def scripted(response: Callable[[Asked], Said]) -> Iterator[ScriptedService]:
    """Listens until the end."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            asked.append(Asked(self.command, self.path, dict(self.headers), body))
            status, content, headers, length = response(asked[-1])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) if length is None else length))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_DELETE = do_GET  # noqa: N815 - the names that are looked for

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield ScriptedService(f"http://127.0.0.1:{server.server_port}", asked)
        finally:
            server.shutdown()
            thread.join()

"""Parses HTTP/1.1 messages into requests (RFC 9110, RFC 9112).

It handles five things that uvicorn and its parser do not: the offer of another protocol, white space after a header's
value, transfer codings, trailers, and `Host`.
"""

import asyncio
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from runtime.cycle import Cycle
from runtime.flow import Flag, Flow
from runtime.hosts import host_in, shown_host
from runtime.refusals import Refusal, Refused

HTTP_1_0, HTTP_1_1 = "1.0", "1.1"

_WHITE_SPACE = b" \t"
_ABSOLUTE = re.compile(rb"[a-z][a-z0-9+.-]*://([^/?#]*)(.*)", re.IGNORECASE)
_CONNECT = b"CONNECT"


_IS_WHOLE = "crosshook.is_whole"


def is_whole(scope: Mapping[str, Any]) -> bool:
    """Whether the whole request with this ASGI scope has arrived, so that nothing of it is waited for."""
    return _IS_WHOLE in scope


class Part(Enum):
    """The part of the stream that the next byte belongs to."""

    BETWEEN = "between messages"
    HEAD = "head"
    BODY = "body"


class MessageProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which treats the offer of another protocol as an accepted one.

    The attributes of this class and its heirs are slots. With them, uvicorn's 28 would be more than the 30 that Python
    keeps without a dictionary of 1.5 kB for each connection.
    """

    __slots__ = ("_head_again", "part")

    def __init__(self, **of_uvicorn: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**of_uvicorn)
        self.part = Part.BETWEEN
        self._head_again = b""
        self._drop_parser()
        self.pipeline = cast("Any", [])  # uvicorn's empty deque takes 760 bytes.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head."""
        super().connection_made(transport)
        self.server = None  # No request is asked for it.
        self.flow = cast("Any", Flow(transport))

    def parse(self, data: bytes) -> None:
        """Parse the bytes that arrived. Raises `httptools.HttpParserError`.

        The parser stops after a head that offers another protocol (`Upgrade`), and drops the request's framing.
        So a new parser receives the same head without the offer.
        The loop ends because each turn removes one head with an offer from `data`.

        Between messages there is no parser. It takes 0.9 kB, and most connections wait for a response or a request.
        """
        if cast("httptools.HttpRequestParser | None", self.parser) is None:
            self.parser = self._new_parser()
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as stopped:
                data = self._head_again + data[stopped.args[0] :]
                self.parser = self._new_parser()
            else:
                if self.part is Part.BETWEEN:
                    self._drop_parser()
                return

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # As uvicorn does.
        return parser

    def _drop_parser(self) -> None:
        self.parser = cast("Any", None)

    def on_message_begin(self) -> None:
        """Start a head."""
        self.part = Part.HEAD
        self._head_again = b""
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the header without the white space after its value, which is no part of it (RFC 9110, 5.5).

        The parser drops the white space before it. The trailers of a chunked body arrive here too.
        The rest repeats uvicorn's method, because a call for each of ten headers would cost more.
        """
        name, value = name.lower(), value.rstrip(_WHITE_SPACE)
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Start the request, unless its head must be parsed again."""
        version = self.parser.get_http_version()
        if self.parser.should_upgrade():
            self._head_again = self._without_offer(version)
            return
        if version not in (HTTP_1_0, HTTP_1_1):
            raise Refused(Refusal(505, f"HTTP/{version}: expected HTTP/1.1", "syntax"))
        self._check_head(is_host_required=version == HTTP_1_1)
        if not self.url.startswith(b"/") and (absolute := _ABSOLUTE.fullmatch(self.url)):
            host_in(absolute[1], part="target")
            self.url = absolute[2] if absolute[2].startswith(b"/") else b"/" + absolute[2]
        self._begin(version)
        self.part = Part.BODY
        self.headers = []  # Trailers are no headers (RFC 9110, 6.5.1). The request keeps the old list.

    def on_message_complete(self) -> None:
        """End the request's body, unless its head must be parsed again."""
        if not self._head_again:
            self.part = Part.BETWEEN
            cast("dict[str, Any]", self.scope)[_IS_WHOLE] = True
            super().on_message_complete()

    def _begin(self, version: str) -> None:
        """Start the request, or let it wait for those before it.

        uvicorn's own method does more, for WebSockets and for a limit of its own, and makes another cycle.
        """
        url, scope = httptools.parse_url(self.url), self.scope
        path = url.path.decode("ascii")
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        earlier: RequestResponseCycle | None = self.cycle
        self.cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=cast("Any", Flag()),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != HTTP_1_0 and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if earlier is None or earlier.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.insert(0, (self.cycle, self.app))

    def _without_offer(self, version: str) -> bytes:
        """The same head without `Upgrade`: the parser then ignores `Connection: Upgrade`."""
        method = self.parser.get_method()
        if method == _CONNECT:
            raise Refused(Refusal(400, "CONNECT: this is no proxy; send the request itself", "syntax"))
        lines = [b"%b %b HTTP/%b" % (method, self.url, version.encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _check_head(self, *, is_host_required: bool) -> None:
        """Leave exactly one `Host`. Raises `Refused` for an invalid one, and for any transfer coding but `chunked`."""
        hosts, codings = [], []
        for name, value in self.headers:
            if name == b"host":
                hosts.append(value)
            elif name == b"transfer-encoding":
                codings.append(value.lower())
        if codings and codings != [b"chunked"]:
            raise Refused(Refusal(501, "header Transfer-Encoding: expected chunked, once", "syntax"))
        shown = shown_host(hosts, is_required=is_host_required)
        if hosts != [shown]:
            self.headers[:] = [(b"host", shown), *(header for header in self.headers if header[0] != b"host")]

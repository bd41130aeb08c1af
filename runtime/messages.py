"""HTTP/1.1 messages to requests: one message is one request, as RFC 9110 and RFC 9112 have it.

uvicorn and its parser leave five things to whoever uses them: what becomes of an offer to change the protocol, white
space after a header's value, transfer codings, trailers, and `Host`.
"""

import re
from enum import Enum

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.hosts import host_in, shown_host
from runtime.refusals import Refusal, Refused

HTTP_1_0, HTTP_1_1 = "1.0", "1.1"

_WHITE_SPACE = b" \t"
_ABSOLUTE = re.compile(rb"[a-z][a-z0-9+.-]*://([^/?#]*)(.*)", re.IGNORECASE)
_CONNECT = b"CONNECT"


class Part(Enum):
    """What the next byte belongs to."""

    BETWEEN = "between messages"
    HEAD = "head"
    BODY = "body"


class MessageProtocol(HttpToolsProtocol):
    """uvicorn's, which takes an offer for a change of protocol that has happened."""

    part = Part.BETWEEN
    _head_again = b""

    def parse(self, data: bytes) -> None:
        """Take what came. Raises `httptools.HttpParserError`.

        A parser stops behind a head that offers another protocol (`Upgrade`), and takes what follows for that
        protocol, or for nothing. So another parser is given the head again without the offer, as a client would have
        sent that never made it. Each turn takes a head with an offer off what came, so this ends.
        """
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as stopped:
                data = self._head_again + data[stopped.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # As uvicorn's own.
            else:
                return

    def on_message_begin(self) -> None:
        """A head begins."""
        self.part = Part.HEAD
        self._head_again = b""
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep it, without the white space behind its value, which is no part of it (RFC 9110, 5.5).

        The parser drops what is before it. A chunked body's trailers come here too. This is uvicorn's own otherwise,
        and not called from here: there are ten headers in a request.
        """
        name, value = name.lower(), value.rstrip(_WHITE_SPACE)
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Begin the request, unless its head is going to be parsed again."""
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
        super().on_headers_complete()
        self.part = Part.BODY
        self.headers = []  # For the trailers, which are no headers (RFC 9110, 6.5.1). The request has its own list.

    def on_message_complete(self) -> None:
        """End the request's body, unless its head is going to be parsed again."""
        if not self._head_again:
            self.part = Part.BETWEEN
            super().on_message_complete()

    def _without_offer(self, version: str) -> bytes:
        """The head that came, without `Upgrade`: without it, `Connection: Upgrade` is nothing to the parser."""
        method = self.parser.get_method()
        if method == _CONNECT:
            raise Refused(Refusal(400, "CONNECT: this is no proxy; send the request itself", "syntax"))
        lines = [b"%b %b HTTP/%b" % (method, self.url, version.encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _check_head(self, *, is_host_required: bool) -> None:
        """Show one `Host`. Raises `Refused`, also for a coding that would have to be undone before the body is read."""
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

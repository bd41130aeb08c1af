"""HTTP/1.1 messages to requests: one message is one request, as RFC 9110 and RFC 9112 have it.

uvicorn and its parser leave four things to whoever uses them: what becomes of an offer to change the protocol, white
space after a header's value, trailers, and `Host`.
"""

import re
from enum import Enum

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.hosts import host_in, shown_host
from runtime.refusals import Refusal, Refused

HTTP_1_0, HTTP_1_1 = "1.0", "1.1"

_WHITE_SPACE = (b" ", b"\t")
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

    def on_headers_complete(self) -> None:
        """Begin the request, unless its head is going to be parsed again."""
        version = self.parser.get_http_version()
        if self.parser.should_upgrade():
            self._head_again = self._without_offer(version)
            return
        if version not in (HTTP_1_0, HTTP_1_1):
            raise Refused(Refusal(505, f"HTTP/{version}: expected HTTP/1.1", "syntax"))
        self._tidy_headers(is_host_required=version == HTTP_1_1)
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

    def _tidy_headers(self, *, is_host_required: bool) -> None:
        """Show one `Host`, and no white space behind a value: it is no part of it (RFC 9110, 5.5).

        The parser drops what is before it. This is in every request's way, and hardly ever finds anything.
        """
        hosts, is_padded = [], False
        for name, value in self.headers:
            if value.endswith(_WHITE_SPACE):
                is_padded = True
            if name == b"host":
                hosts.append(value.rstrip(b" \t"))
        shown = shown_host(hosts, is_required=is_host_required)
        if is_padded or hosts != [shown]:
            came = [(name, shown if name == b"host" else value.rstrip(b" \t")) for name, value in self.headers]
            self.headers.clear()
            for name, value in came if hosts else [*came, (b"host", shown)]:
                super().on_header(name, value)

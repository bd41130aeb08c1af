"""One request and its response on a connection."""

from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

from runtime.responses import envelope, not_stored
from runtime.transport import TogetherTransport

_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Cycle(RequestResponseCycle):
    """uvicorn's, which marks every response as `no-store` unless the application sets `Cache-Control` itself."""

    transport: TogetherTransport

    async def send(self, message: Any) -> None:  # noqa: ANN401 - an ASGI message
        """Send a part of the response, once the client has taken most of what was sent before."""
        if self.response_started:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if not self.disconnected:
            self._start(message)

    async def send_500_response(self) -> None:
        """Respond for an application that ended without a response. uvicorn has logged why."""
        body = envelope(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected error; the service has logged it")
        length = (b"content-length", b"%d" % len(body))
        headers = [(b"content-type", b"application/json"), length, (b"connection", b"close")]
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _start(self, message: Any) -> None:  # noqa: ANN401 - an ASGI message
        """Send the head. uvicorn's own method checks every name and every value apart."""
        if message["type"] != "http.response.start":
            raise RuntimeError(f"expected http.response.start, got {message['type']}")
        if self.more_body:
            self._read_no_more()
        self.response_started = True
        self.waiting_for_100_continue = False
        status = message["status"]
        headers = [*self.default_headers, *not_stored(message.get("headers", ()))]
        if HEADER_RE.search(b"".join([name for name, _ in headers])):
            raise RuntimeError("a response header has an invalid name")
        if HEADER_VALUE_RE.search(b"".join([value for _, value in headers])):
            raise RuntimeError("a response header has an invalid value")
        lines = [STATUS_LINE[status], *(b"%b: %b\r\n" % self._framed(name.lower(), value) for name, value in headers)]
        if not self.keep_alive and b"connection: close\r\n" not in lines:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in _WITHOUT_BODY:
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        self.transport.write(b"".join([*lines, b"\r\n"]))

    def _read_no_more(self) -> None:
        """End the connection with this response: the rest of the request's body would follow it (RFC 9112, 9.3)."""
        self.keep_alive = False
        self.body = bytearray()
        self.transport.linger()

    def _framed(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        """The header, after its part in the framing of the response."""
        if name == b"content-length" and self.chunked_encoding is None:
            self.expected_content_length = int(value)
            self.chunked_encoding = False
        elif name == b"transfer-encoding" and value.lower() == b"chunked":
            self.expected_content_length = 0
            self.chunked_encoding = True
        elif name == b"connection" and b"close" in value.lower():
            self.keep_alive = False
        return name, value

"""The one ASGI application around the routes: everything that happens to a request, in its order.

It arrives, its span begins, its body is read, it takes a place, its route answers. The response waits for the key to be
checked, is counted, and goes out in pieces.
"""

from collections.abc import Callable, Mapping
from typing import Any

from litestar import HttpMethod

from runtime.head import as_get, as_head
from runtime.messages import is_whole
from service.http.admission import Admission, replayed
from service.http.authentication.key_check import Authentication
from service.http.chunked_send import PIECE_BYTES, send_in_pieces
from service.http.encoded_response import EncodedResponse
from service.http.envelope import Empty
from service.http.instrumentation import Instrumentation, Measured
from service.http.policies import Key, Policies
from service.http.received import Scope, arrived

Asgi = Callable[..., Any]


class RequestPath:
    """An ASGI application."""

    def __init__(
        self,
        routes: Asgi,
        policies: Policies,
        *,
        instrumentation: Instrumentation,
        admission: Admission,
        authentication: Authentication,
    ) -> None:
        self._routes = routes
        self._policies = policies
        self._instrumentation = instrumentation
        self._admission = admission
        self._authentication = authentication

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Answer a request. It counts as answered, and its time is over, when its response begins."""
        if scope["type"] != "http":
            await self._routes(scope, receive, send)
            return
        policy = self._policies.of(scope["path"])
        measured = self._instrumentation.begin(scope, is_logged=policy.is_logged)
        is_head = as_get(scope)
        response = _Response(scope, send, measured, self._authentication, is_head=is_head)
        is_broken_off = True
        try:
            arrived(scope)
            if policy.takes_place:
                await self._admit(scope, receive, response, policy.key)
            else:
                await self._route(scope, receive, response)
            is_broken_off = False
        finally:
            if is_head:
                as_head(scope)
            self._instrumentation.end(measured, is_broken_off=is_broken_off)

    async def _admit(self, scope: Scope, receive: Asgi, response: "_Response", key: Key) -> None:
        body = await self._body_of(scope, receive, key)
        if body is None:
            return
        if not isinstance(body, bytes):
            await body.send(response.send)
        elif (full := self._admission.enter()) is not None:
            await full.send(response.send)
        else:
            try:
                await self._route(scope, replayed(body, receive), response)
            finally:
                self._admission.leave()

    async def _body_of(self, scope: Scope, receive: Asgi, key: Key) -> bytes | EncodedResponse[Empty] | None:
        """The whole body, or the response in its place. A head without a key is refused before its body is read."""
        if not is_whole(scope):
            if key is Key.NONE or scope["method"] == HttpMethod.OPTIONS:
                return b""  # A request without a key has no use for a body.
            if (refusal := self._authentication.refusal_of_head(scope, key)) is not None:
                return refusal
        return await self._admission.body_of(scope, receive)

    async def _route(self, scope: Scope, receive: Asgi, response: "_Response") -> None:
        try:
            await self._routes(scope, receive, response.send_checked)
        finally:
            self._authentication.end(scope)


class _Response:
    """The response to one request."""

    __slots__ = ("_authentication", "_is_head", "_is_withheld", "_measured", "_scope", "_send")

    def __init__(
        self, scope: Scope, send: Asgi, measured: Measured, authentication: Authentication, *, is_head: bool
    ) -> None:
        self._scope = scope
        self._send = send
        self._measured = measured
        self._authentication = authentication
        self._is_head = is_head
        self._is_withheld = False

    async def send_checked(self, message: Mapping[str, Any]) -> None:
        """Send a route's response if the caller may have it; otherwise the refusal, and nothing more."""
        if message["type"] == "http.response.start":
            refusal = await self._authentication.refusal_of(self._scope, message["status"])
            if refusal is not None:
                self._is_withheld = True
                await refusal.send(self.send)
        if self._is_withheld:
            return
        if len(message.get("body", b"")) > PIECE_BYTES:
            await send_in_pieces(self.send, message)
        else:
            await self._send(self._begun(message))

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send, and count the response when it begins."""
        await self._send(self._begun(message))

    def _begun(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The message to send. The response to a `HEAD` has no body."""
        if self._is_head:
            as_head(self._scope)
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
        if message["type"] == "http.response.start":
            self._measured.answered(message["status"])
        return message

"""The one ASGI application around the routes: everything that happens to a request, in its order.

It arrives, its span begins, its body is read, it takes a place, it starts in its turn, its route answers. A write's
response is made after its route has ended. The response waits for the key to be checked, is counted, and goes out in
pieces.
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
from service.http.later_response import is_later, later_response
from service.http.policies import Key, Policies
from service.http.received import Scope, arrived, body_in, is_given_up
from service.http.starts import Starts

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
        self._starts = Starts()

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
            if not policy.takes_place:
                await self._routes(scope, receive, response.send_checked)
            elif await self._is_admitted(scope, receive, response, policy.key):
                try:
                    if (start := self._starts.next()) is not None:
                        await start
                    await self._routes(scope, replayed(body_in(scope), receive), response.send_checked)
                    if is_later(scope):
                        await (await later_response(scope)).send(response.send_checked)
                finally:
                    self._admission.leave()
            is_broken_off = False
        finally:
            self._authentication.end(scope)
            if is_head:
                as_head(scope)
            self._instrumentation.end(measured, is_broken_off=is_broken_off)

    async def _is_admitted(self, scope: Scope, receive: Asgi, response: "_Response", key: Key) -> bool:
        """Whether it has a place, and its whole body has arrived. Otherwise it is refused, unless its client left."""
        refusal = await self._refusal_of(scope, receive, key)
        if refusal is not None:
            await refusal.send(response.send)
        return refusal is None and not is_given_up(scope)

    async def _refusal_of(self, scope: Scope, receive: Asgi, key: Key) -> EncodedResponse[Empty] | None:
        """Read the body, and take a place. A head without a key is refused before its body is read."""
        if not is_whole(scope):
            if key is Key.NONE or scope["method"] == HttpMethod.OPTIONS:
                return self._admission.enter()  # A request without a key has no use for a body.
            if (refusal := self._authentication.refusal_of_head(scope, key)) is not None:
                return refusal
        return await self._admission.refusal_of(scope, receive)


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

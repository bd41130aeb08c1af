"""The refusals below an application: their responses, and the reasons for which a connection is closed."""

from http import HTTPStatus
from typing import NamedTuple

import httptools
from prometheus_client import Counter

from runtime.responses import closing_response

CLOSED = Counter("crosshook_connections_closed_total", "Connections closed by this process, by reason", ["reason"])


class Refusal(NamedTuple):
    """A response that ends its connection. `CLOSED` counts it under `reason`."""

    status: int
    message: str
    reason: str

    def response(self) -> bytes:
        """Head and body."""
        return closing_response(self.status, self.message)


class Refused(Exception):
    """Stops the parser, which raises its own error with this one as the context."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


CUT_OFF_HEAD = Refusal(HTTPStatus.BAD_REQUEST, "head: the client closed its side before the head's end", "syntax")
CUT_OFF_BODY = Refusal(
    HTTPStatus.BAD_REQUEST, "body: the client closed its side before the body's end; nothing was done", "syntax"
)


def refusal_for(error: httptools.HttpParserError, *, is_body: bool, is_first: bool) -> Refusal:
    """The refusal for a parser's error."""
    cause = error.__context__
    if isinstance(cause, Refused):
        return cause.refusal
    if is_body:
        message = f"body: {error}; nothing was done"
    else:
        hint = "" if is_first else "; does the Content-Length of the request before it count its body's bytes?"
        message = f"head: expected HTTP/1.1 ({error}){hint}"
    return Refusal(HTTPStatus.BAD_REQUEST, message, "syntax")

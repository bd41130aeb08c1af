"""The headers that show the state that a request was answered from, and its operation."""

from typing import TypeVar

from core.tokens import render_token
from service.http.encoded_response import EncodedResponse
from service.http.headers import OPERATION, TOKEN
from service.request.scope import Scope, shows
from service.request.shown import Shown

T = TypeVar("T")


def showing(shown: Shown, scope: Scope, response: EncodedResponse[T]) -> EncodedResponse[T]:
    """The response, with the token if there is an event, and the operation's id if something was handed to the log.

    The scope carries `shown` on, for the access log and the check of the key.
    """
    shows(scope, shown)
    if shown.token:
        response.headers[TOKEN] = render_token(shown.token)
    if shown.operation_id:
        response.headers[OPERATION] = shown.operation_id
    return response

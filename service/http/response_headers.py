"""What every answer's headers tell of the request: the state that it was answered from, and its operation."""

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from core.tokens import render_token
from service.http.headers import OPERATION, TOKEN
from service.request.context import caller_of


async def tell_exchange(message: Message, scope: Scope) -> None:
    """Add the token, if a state was looked at, and the operation's id, if something was handed to the log."""
    caller = caller_of(scope)
    if message["type"] != "http.response.start" or caller is None:
        return
    exchange = caller.exchange
    headers = MutableScopeHeaders.from_message(message)
    if exchange.seen:
        headers[TOKEN] = render_token(exchange.token)
    if exchange.operation_id:
        headers[OPERATION] = exchange.operation_id

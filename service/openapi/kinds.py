"""The operations by their kind: the parts that all of a kind share, and each one's own parts."""

from typing import NamedTuple

from litestar.handlers import HTTPRouteHandler

from service.http.parameter import TAKES, Parameter
from service.http.parameters import OF_A_READ, OF_A_WRITE, ORGANIZATION, ORGANIZATION_ID
from service.openapi.json_schema import Json, reference

API_KEY_SCHEME = "api_key"
ADMIN_KEY_SCHEME = "admin_key"

_EVERYWHERE = {400: "bad_request", 429: "too_many", 503: "unavailable"}
_OF_AN_ORGANIZATION = {**_EVERYWHERE, 401: "unauthenticated", 403: "forbidden"}
_OF_THE_ADMINISTRATOR = {**_EVERYWHERE, 401: "not_administrator"}
_SHARED_BY_READS = {408: "not_seen_in_time", 410: "lost"}
_OF_A_BODY = {413: "too_large", 415: "encoded"}


class Operation(NamedTuple):
    """An Operation Object, with its path and its method."""

    path: str
    method: str
    description: Json


class Own(NamedTuple):
    """The parts of an operation that its kind does not share. `parameters` are keys of components."""

    tag: str
    name: str
    summary: str
    description: str
    responses: dict[int, Json]
    parameters: tuple[str, ...] = ()
    body: Json | None = None


def write(handler: HTTPRouteHandler, *, tag: str, responses: dict[int, Json], body: Json | None = None) -> Operation:
    """An organization's write: it waits for a consistency, and can be repeated with an idempotency key."""
    shared = _OF_AN_ORGANIZATION | {408: "not_in_time", 422: "key_reused"} | (_OF_A_BODY if body else {})
    return _beside(
        handler,
        security=API_KEY_SCHEME,
        after=(ORGANIZATION, *OF_A_WRITE),
        own=_own(handler, tag, {**_shared(shared), **responses}, body),
    )


def read(handler: HTTPRouteHandler, *, tag: str, responses: dict[int, Json]) -> Operation:
    """An organization's read: it waits for the state that its token names."""
    return _beside(
        handler,
        security=API_KEY_SCHEME,
        after=(ORGANIZATION, *OF_A_READ),
        own=_own(handler, tag, {**_shared(_OF_AN_ORGANIZATION | _SHARED_BY_READS), **responses}),
    )


def admin_write(
    handler: HTTPRouteHandler, *, tag: str, responses: dict[int, Json], body: Json | None = None
) -> Operation:
    """The administrator's write: it waits for a consistency, and can be repeated with an idempotency key."""
    late = {408: "not_in_time_for_administrator", 422: "key_reused"}
    shared = _OF_THE_ADMINISTRATOR | late | (_OF_A_BODY if body else {})
    return _beside(
        handler,
        security=ADMIN_KEY_SCHEME,
        before=(ORGANIZATION_ID,),
        after=OF_A_WRITE,
        own=_own(handler, tag, {**_shared(shared), **responses}, body),
    )


def admin_read(handler: HTTPRouteHandler, *, tag: str, responses: dict[int, Json]) -> Operation:
    """The administrator's read."""
    return _beside(
        handler,
        security=ADMIN_KEY_SCHEME,
        before=(ORGANIZATION_ID,),
        after=OF_A_READ,
        own=_own(handler, tag, {**_shared(_OF_THE_ADMINISTRATOR | _SHARED_BY_READS), **responses}),
    )


def open_to_all(handler: HTTPRouteHandler, *, tag: str, responses: dict[int, Json]) -> Operation:
    """An operation that needs no key, and whose response depends on nothing that a request names."""
    return _beside(handler, security=None, after=(), own=_own(handler, tag, responses))


def reserved(handler: HTTPRouteHandler, *, tag: str, responses: dict[int, Json], needs_key: bool) -> Operation:
    """An operation that is not available yet. It already refuses the requests that it will refuse."""
    refusals = _OF_AN_ORGANIZATION if needs_key else {400: "bad_request", 503: "unavailable"}
    return _beside(
        handler,
        security=API_KEY_SCHEME if needs_key else None,
        after=(ORGANIZATION,),
        own=_own(handler, tag, {**_shared(refusals), **responses}),
    )


def _own(handler: HTTPRouteHandler, tag: str, responses: dict[int, Json], body: Json | None = None) -> Own:
    return Own(tag, handler.handler_name, handler.summary or "", handler.description or "", responses, body=body)


def _beside(
    handler: HTTPRouteHandler,
    *,
    security: str | None,
    own: Own,
    after: tuple[Parameter[object], ...],
    before: tuple[Parameter[object], ...] = (),
) -> Operation:
    """The operation of a route. Its summary, its description and its parameters stand beside its handler."""
    (path,), (method,) = handler.paths, handler.http_methods
    parameters = (*before, *handler.opt.get(TAKES, ()), *after)
    own = own._replace(parameters=tuple(parameter.key for parameter in parameters))
    return _operation(str(method).lower(), path.replace(":str}", "}"), own, security=security)


def _operation(method: str, path: str, own: Own, *, security: str | None) -> Operation:
    description: Json = {
        "operationId": own.name,
        "tags": [own.tag],
        "summary": own.summary,
        "description": own.description,
        "security": [{security: []}] if security else [],
        "parameters": [reference(name, "parameters") for name in own.parameters],
        "responses": {str(status): response for status, response in sorted(own.responses.items())},
    }
    if own.body:
        description["requestBody"] = own.body
    return Operation(path, method, description)


def _shared(responses: dict[int, str]) -> dict[int, Json]:
    return {status: reference(name, "responses") for status, name in responses.items()}

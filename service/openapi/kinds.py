"""One method on one path, and all that is said of it: what its kind has in common, and what is its own."""

from typing import NamedTuple

from service.openapi.json_schema import Json, reference

API_KEY_SCHEME = "api_key"
ADMIN_KEY_SCHEME = "admin_key"

_EVERYWHERE = {400: "bad_request", 429: "too_many", 503: "unavailable"}
_OF_AN_ORGANIZATION = {**_EVERYWHERE, 401: "unauthenticated", 403: "forbidden"}
_OF_THE_ADMINISTRATOR = {**_EVERYWHERE, 401: "not_administrator"}
_OF_A_READ = {408: "not_seen_in_time", 410: "lost"}
_OF_A_BODY = {413: "too_large", 415: "encoded"}


class Operation(NamedTuple):
    """An Operation Object, and where it belongs."""

    path: str
    method: str
    description: Json


class Own(NamedTuple):
    """What an operation does not share with its kind. `parameters` are names of components."""

    tag: str
    name: str
    summary: str
    description: str
    responses: dict[int, Json]
    parameters: tuple[str, ...] = ()
    body: Json | None = None


def write(method: str, path: str, own: Own) -> Operation:
    """An operation that an organization writes with: it waits for a consistency, and can be sent again."""
    return _operation(
        method,
        path,
        own,
        security=API_KEY_SCHEME,
        parameters=(*own.parameters, "organization", "consistency", "timeout", "token", "retry_key"),
        responses={**_shared(_OF_AN_ORGANIZATION | {408: "not_in_time", 422: "key_reused"}), **_with_body(own)},
    )


def read(method: str, path: str, own: Own) -> Operation:
    """An operation that an organization reads with: it waits for what its token names."""
    return _operation(
        method,
        path,
        own,
        security=API_KEY_SCHEME,
        parameters=(*own.parameters, "organization", "token", "timeout"),
        responses={**_shared(_OF_AN_ORGANIZATION | _OF_A_READ), **own.responses},
    )


def admin_write(method: str, path: str, own: Own) -> Operation:
    """An operation that changes who is let in: it waits for a consistency, and can be sent again."""
    return _operation(
        method,
        path,
        own,
        security=ADMIN_KEY_SCHEME,
        parameters=("organization_id", *own.parameters, "consistency", "timeout", "token", "retry_key"),
        responses={
            **_shared(_OF_THE_ADMINISTRATOR | {408: "not_in_time_for_administrator", 422: "key_reused"}),
            **_with_body(own),
        },
    )


def admin_read(method: str, path: str, own: Own) -> Operation:
    """An operation that shows who is let in."""
    return _operation(
        method,
        path,
        own,
        security=ADMIN_KEY_SCHEME,
        parameters=("organization_id", *own.parameters, "token", "timeout"),
        responses={**_shared(_OF_THE_ADMINISTRATOR | _OF_A_READ), **own.responses},
    )


def open_to_all(method: str, path: str, own: Own) -> Operation:
    """An operation that asks for no key."""
    return _operation(method, path, own, security=None, parameters=own.parameters, responses=own.responses)


def reserved(method: str, path: str, own: Own, *, needs_key: bool) -> Operation:
    """An operation that is not there yet. It refuses those whom it will refuse."""
    refusals = _OF_AN_ORGANIZATION if needs_key else {400: "bad_request", 503: "unavailable"}
    return _operation(
        method,
        path,
        own,
        security=API_KEY_SCHEME if needs_key else None,
        parameters=("organization", *own.parameters),
        responses={**_shared(refusals), **own.responses},
    )


def _operation(
    method: str, path: str, own: Own, *, security: str | None, parameters: tuple[str, ...], responses: dict[int, Json]
) -> Operation:
    description: Json = {
        "operationId": own.name,
        "tags": [own.tag],
        "summary": own.summary,
        "description": own.description,
        "security": [{security: []}] if security else [],
        "parameters": [reference(name, "parameters") for name in parameters],
        "responses": {str(status): response for status, response in sorted(responses.items())},
    }
    if own.body:
        description["requestBody"] = own.body
    return Operation(path, method, description)


def _with_body(own: Own) -> dict[int, Json]:
    return {**(_shared(_OF_A_BODY) if own.body else {}), **own.responses}


def _shared(responses: dict[int, str]) -> dict[int, Json]:
    return {status: reference(name, "responses") for status, name in responses.items()}

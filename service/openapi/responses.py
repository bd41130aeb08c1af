"""The parts of responses: headers, a body with examples, and links to the operations that follow."""

from collections.abc import Mapping
from typing import Any

from core.tokens import TOKEN_CHARACTERS_MAX
from service.http import patterns
from service.http.content_encoding import IDENTITY
from service.http.headers import API_KEY, IDEMPOTENCY_KEY, OPERATION, TOKEN
from service.openapi import examples
from service.openapi.json_schema import Json, reference

JSON_TYPE = "application/json"

HEADERS: dict[str, Json] = {
    TOKEN: {
        "description": (
            "Names a state of the regions. It covers the request's token, the state that this response was read from, "
            "and what the request wrote. Send it with a read in any region: the read returns a state at least as new. "
            "Opaque."
        ),
        "required": True,
        "schema": {"type": "string", "pattern": patterns.PRINTABLE, "maxLength": TOKEN_CHARACTERS_MAX},
        "example": examples.CONSISTENCY_TOKEN,
    },
    OPERATION: {
        "description": "The id for `GET /operations/{operation_id}`, which returns the state of the write.",
        "required": True,
        "schema": {"type": "string", "pattern": patterns.UUID},
        "example": examples.OPERATION_ID,
    },
    "ETag": {
        "description": "Changes with every change of the webhook, except of its triggers. `If-Match` takes it.",
        "required": True,
        "schema": {"type": "string", "pattern": r'^"[!#-~]+"$'},
        "example": examples.ENTITY_TAG,
    },
    "Location": {
        "description": "The path that returns the operation's state.",
        "schema": {"type": "string", "pattern": "^/operations/"},
        "example": f"/operations/{examples.OPERATION_ID}",
    },
    "Retry-After": {
        "description": "The seconds to wait before another attempt.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    },
    "Accept-Encoding": {
        "description": "The encodings that a request's body may have.",
        "required": True,
        "schema": {"type": "string", "const": IDENTITY},
        "example": IDENTITY,
    },
    "WWW-Authenticate": {
        "description": "The credentials that the service accepts.",
        "required": True,
        "schema": {"type": "string"},
        "example": f'ApiKey header="{API_KEY}"',
    },
}


def json_response(
    description: str,
    shape: str,
    shown: Mapping[str, Any],
    *,
    headers: tuple[str, ...] = (),
    links: tuple[str, ...] = (),
) -> Json:
    """A JSON response of that shape. `shown` has examples: title -> body."""
    return {**nothing(description, headers=headers, links=links), "content": _content(shape, shown)}


def text(description: str, content_type: str, example: str) -> Json:
    """A response that is text."""
    return {"description": description, "content": {content_type: {"schema": {"type": "string"}, "example": example}}}


def redirect(description: str, location: str) -> Json:
    """A response that leads to `location`, relative to the request's path."""
    header = {
        "description": "Where it is, relative to this path.",
        "required": True,
        "schema": {"type": "string", "const": location},
        "example": location,
    }
    return {"description": description, "headers": {"Location": header}}


def nothing(description: str, *, headers: tuple[str, ...] = (), links: tuple[str, ...] = ()) -> Json:
    """A response without a body."""
    found: Json = {"description": description}
    if headers:
        found["headers"] = {name: reference(name, "headers") for name in headers}
    if links:
        found["links"] = {name: reference(name, "links") for name in links}
    return found


def refused(status: int, description: str, *messages: str, headers: tuple[str, ...] = ()) -> Json:
    """A response that refuses. Each message is an example."""
    shown = {f"example {place}": failed(status, message) for place, message in enumerate(messages, 1)}
    return json_response(description, "Refusal", shown, headers=headers)


def decided(status: int, description: str, *messages: str, headers: tuple[str, ...] = ()) -> Json:
    """A refusal that depends on a region's state. It has a token if a state was read for it."""
    found = refused(status, description, *messages, headers=headers)
    return {**found, "headers": {**found.get("headers", {}), TOKEN: _perhaps(TOKEN)}}


def body(shape: str, shown: Mapping[str, Any]) -> Json:
    """A request body of that shape. `shown` has examples: title -> body."""
    said = "JSON, whatever `Content-Type` is. Unknown members are ignored."
    return {"required": True, "description": said, "content": _content(shape, shown)}


def succeeded(result: Any, **pagination: int) -> Json:  # noqa: ANN401 - any JSON
    """The envelope around a result."""
    return {"meta": {"pagination": pagination} if pagination else {}, "errors": [], "result": result}


def failed(status: int, message: str, **meta: Json) -> Json:
    """The envelope of a refusal."""
    return {"meta": meta, "errors": [{"httpcode": status, "message": message}]}


def _content(shape: str, shown: Mapping[str, Any]) -> Json:
    examples = {
        f"example_{place}": {"summary": what, "value": value} for place, (what, value) in enumerate(shown.items(), 1)
    }
    return {JSON_TYPE: {"schema": reference(shape), "examples": examples}}


def _not_in_time(link: str, *, headers: tuple[str, ...] = ()) -> Json:
    """A 408 of a write. If the body did not arrive in time, it has no header but `Retry-After`."""
    message = (
        "all_regions was not reached within 5 s: waiting for asia-japan; it is committed and will reach every region"
    )
    found = json_response(
        "The write did not reach the required consistency in time. `meta.consistency` has what is known, and nothing "
        "is undone. Some clients repeat a 408 automatically: with an `Idempotency-Key` that is safe. If the body did "
        "not arrive within 10 s, the response has neither `meta.consistency` nor the other headers.",
        "Refusal",
        {
            "the event is in the log": failed(408, message, consistency=examples.NOT_REACHED),
            "the body came too late": failed(408, "body: it did not arrive within 10 s"),
        },
        headers=("Retry-After", *headers),
        links=(link,),
    )
    perhaps = {name: _perhaps(name) for name in (TOKEN, OPERATION)}
    return {**found, "headers": {**found.get("headers", {}), **perhaps}}


def _unavailable() -> Json:
    """A 503. It has a token if a state was read before another part did not answer."""
    found = refused(
        503,
        "The region cannot accept the request now, and nothing was handed to its log. Or the organization, or the "
        "administrator for it, has used as many values of `Idempotency-Key` in 24 hours as the service keeps.",
        "this region's projection does not answer; nothing was done, try again",
        headers=("Retry-After",),
    )
    return {**found, "headers": {**found["headers"], TOKEN: _perhaps(TOKEN)}}


def _perhaps(header: str) -> Json:
    return {**HEADERS[header], "required": False}


LOST = f"{TOKEN}: this write was lost when us-iowa was restored to an earlier state; read without the token"
REUSED = f"header {IDEMPOTENCY_KEY}: this key was used with another payload; use a new key for a new request"

RESPONSES: dict[str, Json] = {
    "bad_request": refused(
        400,
        "A part of the request is invalid. The message names the part and what the service expects.",
        "header SlashID-Required-Consistency-Timeout: expected an integer from 1 to 120, in seconds",
        "target_url: expected a URL that starts with https://",
        "body: Object missing required field `name`",
    ),
    "unauthenticated": refused(
        401,
        "The key is missing, unknown, expired or revoked.",
        f"header {API_KEY}: expected a valid API key of the organization",
        headers=("WWW-Authenticate",),
    ),
    "not_administrator": refused(
        401,
        "The admin key is missing or wrong.",
        "header Authorization: expected Bearer and the admin key",
        headers=("WWW-Authenticate",),
    ),
    "forbidden": refused(
        403,
        "The key belongs to another organization, or lacks the scope that the request needs.",
        f"header {API_KEY}: the key belongs to another organization",
        f"header {API_KEY}: this request needs the scope write, which key {examples.KEY_ID} lacks",
    ),
    "webhook_not_found": decided(
        404,
        "The organization has no such webhook in what this region has applied.",
        f"webhook not found: {examples.WEBHOOK_ID}",
    ),
    "not_in_time": _not_in_time("operation", headers=("Location",)),
    "not_in_time_for_administrator": _not_in_time("operation_of_administrator"),
    "not_seen_in_time": decided(
        408,
        "This region did not reach the token's state in time.",
        f"{TOKEN}: this region did not catch up with us-iowa within 30 s",
        "body: it did not arrive within 10 s",
        headers=("Retry-After",),
    ),
    "lost": decided(410, "The token names a write that was lost when its region's log was restored.", LOST),
    "too_large": refused(
        413,
        "The body is longer than the limit: 64 KiB, unless the service is set otherwise. Or its event is larger than "
        "the limit of the region's NATS. The message names the limit.",
        "body: expected at most 65536 bytes",
    ),
    "encoded": refused(
        415,
        "The body is encoded. The service accepts a plain body only.",
        "header Content-Encoding: expected identity or none; send the body as it is",
        headers=("Accept-Encoding",),
    ),
    "key_reused": decided(422, "The `Idempotency-Key` was used for a different request.", REUSED),
    "too_many": refused(
        429,
        "The organization has reached its limit of requests in flight, or it is reading another whole list.",
        "1000 requests of this organization are in flight, its maximum; nothing was done, try again",
        "this organization already reads another whole list; use limit, or try again when that list is sent",
        headers=("Retry-After",),
    ),
    "unavailable": _unavailable(),
}

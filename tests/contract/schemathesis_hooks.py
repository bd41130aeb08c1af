"""Corrections of the requests that Schemathesis sends, and two checks of our own.

It makes requests from the document. JSON Schema cannot say that a value must exist, or must fit another value. Such
values are replaced here. Violations of the document stay.
"""

import itertools
import os
import re
from contextlib import suppress
from typing import Any, cast

import jsonschema_rs
import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

from core.catalogue import NAMES, TriggerType
from core.fields import HeaderLimits, InvalidField, custom_headers
from service.http import patterns
from service.openapi.schemas import schemas

AnyCase = Case[Any]

WEBHOOK = {
    field: jsonschema_rs.validator_for(schema)
    for field, schema in schemas(HeaderLimits())["WebhookBody"]["properties"].items()
}
DATE_TIME = jsonschema_rs.validator_for({"type": "string", "format": "date-time"}, validate_formats=True)
KINDS = {name: kind.value for kind, names in NAMES.items() for name in names}
number = itertools.count()

ORGANIZATION = os.environ["ORGANIZATION"]
TOKEN = os.environ["TOKEN"]


@schemathesis.hook
def before_call(_: HookContext, case: AnyCase, kwargs: dict[str, Any]) -> None:  # noqa: ARG001 - the hook's own name for it
    """Make it the request of a client that has a key and a token, and knows the catalogue."""
    headers, query, body = cast("Any", (case.headers, case.query, case.body))
    # The key belongs to this organization. Another one would get 403, whatever else the request has.
    if re.fullmatch(patterns.UUID, headers.get("SlashID-OrgID", "")):
        headers["SlashID-OrgID"] = ORGANIZATION
    # A token is opaque: a text that only looks like one is answered 400.
    if re.fullmatch(patterns.PRINTABLE, headers.get("SlashID-Consistency-Token", "")):
        headers["SlashID-Consistency-Token"] = TOKEN
    # Its coverage phase writes headers in letters and digits only. If the schema allows none of these, it writes 0.
    if str(headers.get("If-Match")) == "0":
        headers["If-Match"] = "*"
    if str(headers.get("If-None-Match")) == "0":
        headers["If-None-Match"] = '"0"'
    name_one_trigger(case.method, query)
    # An idempotency key belongs to one request, and a `target_url` to one webhook. Examples repeat them.
    if re.fullmatch(patterns.PRINTABLE, headers.get("Idempotency-Key", "")):
        headers["Idempotency-Key"] = headers["Idempotency-Key"][:200] + str(next(number))
    if isinstance(body, dict) and WEBHOOK["target_url"].is_valid(body.get("target_url")):
        body["target_url"] += f"/{next(number)}"
    # The schema cannot say that a time is in the future.
    if isinstance(body, dict) and DATE_TIME.is_valid(body.get("expires_at")) and isinstance(body["expires_at"], str):
        body["expires_at"] = "2999" + body["expires_at"][4:].replace("02-29", "02-28")
    # The schema cannot add up the number of headers, or their bytes including names.
    custom = body.get("custom_headers") if isinstance(body, dict) else None
    if isinstance(custom, dict) and WEBHOOK["custom_headers"].is_valid(custom):
        body["custom_headers"] = fitting(custom)


def name_one_trigger(method: str, query: dict[str, Any]) -> None:
    """Make the two parameters fit: the document can say only of a body which names belong to a type.

    A filter takes both or none, which the document cannot say either. A deletion without one is a violation.
    """
    kind, name = str(query.get("trigger_type")), str(query.get("trigger_name"))
    is_filter = method == "GET"
    if name in KINDS and (kind in list(NAMES) or (is_filter and "trigger_type" not in query)):
        query["trigger_type"] = KINDS[name]
    elif is_filter and kind in list(NAMES) and "trigger_name" not in query:
        query["trigger_name"] = NAMES[TriggerType(kind)][0]


def fitting(headers: dict[str, list[str]]) -> dict[str, list[str]]:
    """As many of these headers as are accepted, in their order."""
    taken: dict[str, list[str]] = {}
    for name, values in headers.items():
        for count in range(len(values) + 1):
            with suppress(InvalidField):
                taken = custom_headers({**taken, name: values[:count]})
    return taken


@schemathesis.check
def no_request_is_turned_away(_: CheckContext, response: Response, __: AnyCase) -> None:
    """The document allows 429 and 503. A single client on an idle region must not get them."""
    assert response.status_code not in {429, 503}, "a region that has nothing else to do sent a client away"


@schemathesis.check
def an_envelope_says_its_status(_: CheckContext, response: Response, __: AnyCase) -> None:
    """The envelope of a refusal has its status too."""
    if response.status_code >= 400:
        codes = [error["httpcode"] for error in response.json()["errors"]]
        assert codes == [response.status_code], f"the envelope says {codes}"

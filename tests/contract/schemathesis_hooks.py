"""What Schemathesis cannot know, put right in what it sends; and two checks of our own.

It makes requests from the document. Where a value of the right form has to be a real one, or has to fit another one,
which JSON Schema cannot say, the value is replaced here. What violates the document is left as it is.
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
KINDS = {name: kind.value for kind, names in NAMES.items() for name in names}
number = itertools.count()

ORGANIZATION = os.environ["ORGANIZATION"]
TOKEN = os.environ["TOKEN"]


@schemathesis.hook
def before_call(_: HookContext, case: AnyCase, kwargs: dict[str, Any]) -> None:  # noqa: ARG001 - the hook's own name for it
    """Make the request that of a client with a key and a token that knows the catalogue."""
    headers, query, body = cast("Any", (case.headers, case.query, case.body))
    # Another organization is answered 403 whatever else the request has: the key belongs to this one.
    if re.fullmatch(patterns.UUID, headers.get("SlashID-OrgID", "")):
        headers["SlashID-OrgID"] = ORGANIZATION
    # A token is opaque: what only looks like one is answered 400.
    if re.fullmatch(patterns.PRINTABLE, headers.get("SlashID-Consistency-Token", "")):
        headers["SlashID-Consistency-Token"] = TOKEN
    # Its coverage phase writes headers in letters and digits alone, and takes 0 where the schema allows none of these.
    if str(headers.get("If-Match")) == "0":
        headers["If-Match"] = "*"
    if str(headers.get("If-None-Match")) == "0":
        headers["If-None-Match"] = '"0"'
    name_one_trigger(case.method, query)
    # An idempotency key belongs to one request, and an address to one webhook; examples repeat them.
    if re.fullmatch(patterns.PRINTABLE, headers.get("Idempotency-Key", "")):
        headers["Idempotency-Key"] = headers["Idempotency-Key"][:200] + str(next(number))
    if isinstance(body, dict) and WEBHOOK["target_url"].is_valid(body.get("target_url")):
        body["target_url"] += f"/{next(number)}"
    # How many headers there are, and how long they are with their names, cannot be added up.
    custom = body.get("custom_headers") if isinstance(body, dict) else None
    if isinstance(custom, dict) and WEBHOOK["custom_headers"].is_valid(custom):
        body["custom_headers"] = fitting(custom)


def name_one_trigger(method: str, query: dict[str, Any]) -> None:
    """Have two parameters fit each other: which names belong to a type can be said of a body only.

    A filter takes both or none, which the document cannot say either. A deletion without one is a violation.
    """
    kind, name = str(query.get("trigger_type")), str(query.get("trigger_name"))
    is_filter = method == "GET"
    if name in KINDS and (kind in list(NAMES) or (is_filter and "trigger_type" not in query)):
        query["trigger_type"] = KINDS[name]
    elif is_filter and kind in list(NAMES) and "trigger_name" not in query:
        query["trigger_name"] = NAMES[TriggerType(kind)][0]


def fitting(headers: dict[str, list[str]]) -> dict[str, list[str]]:
    """Those headers that are taken, one after the other."""
    taken: dict[str, list[str]] = {}
    for name, values in headers.items():
        for count in range(len(values) + 1):
            with suppress(InvalidField):
                taken = custom_headers({**taken, name: values[:count]})
    return taken


@schemathesis.check
def no_request_is_turned_away(_: CheckContext, response: Response, __: AnyCase) -> None:
    """The document says that it can happen. To one client on an idle region it does not."""
    assert response.status_code not in {429, 503}, "a region that has nothing else to do sent a client away"


@schemathesis.check
def an_envelope_says_its_status(_: CheckContext, response: Response, __: AnyCase) -> None:
    """The status of a refusal is inside as well."""
    if response.status_code >= 400:
        codes = [error["httpcode"] for error in response.json()["errors"]]
        assert codes == [response.status_code], f"the envelope says {codes}"

"""What requests say in query parameters."""

import re

from core.catalogue import Trigger, trigger
from core.fields import InvalidField
from service.http.headers import AnyRequest
from service.reads.listing import Wanted
from service.reads.pages import Page

LIMIT_MAX = 1_000
OFFSET_MAX = 1_000_000_000
_PRINTABLE = re.compile("[!-~]+")
_INTEGER = re.compile(r"[0-9]{1,10}")


def page(request: AnyRequest) -> Page:
    """The part of a list that `limit` and `offset` ask for. Raises `InvalidField`."""
    return Page(
        offset=_number(request, "offset", low=0, high=OFFSET_MAX) or 0,
        limit=_number(request, "limit", low=1, high=LIMIT_MAX),
    )


def named_trigger(request: AnyRequest) -> Trigger:
    """The trigger that the query parameters name. Raises `InvalidField`."""
    return trigger(_parameter(request, "trigger_type") or "", _parameter(request, "trigger_name") or "")


def wanted_webhooks(request: AnyRequest) -> Wanted:
    """The webhooks that the query parameters ask for. Raises `InvalidField`."""
    target_url = _parameter(request, "target_url")
    if target_url is not None and not _PRINTABLE.fullmatch(target_url):
        raise InvalidField("target_url", "expected a URL of printable ASCII characters without spaces")
    is_of_trigger = any(_parameter(request, name) is not None for name in ("trigger_type", "trigger_name"))
    return Wanted(target_url, named_trigger(request) if is_of_trigger else None)


def _number(request: AnyRequest, name: str, *, low: int, high: int) -> int | None:
    text = _parameter(request, name)
    if text is None:
        return None
    if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
        raise InvalidField(name, f"expected an integer from {low} to {high}")
    return int(text)


def _parameter(request: AnyRequest, name: str) -> str | None:
    values = request.query_params.getall(name, [])
    if len(values) > 1:
        raise InvalidField(name, "expected to be given once")
    return values[0] if values else None

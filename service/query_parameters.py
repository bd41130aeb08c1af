"""What requests say in query parameters."""

import re

from core.catalogue import Trigger, trigger
from core.fields import InvalidField
from service.headers import AnyRequest
from service.reading import Page

LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000
OFFSET_MAX = 1_000_000_000
_INTEGER = re.compile(r"[0-9]{1,10}")


def page(request: AnyRequest) -> Page:
    """The part of a list that `limit` and `offset` ask for. Raises `InvalidField`."""
    return Page(
        offset=_number(request, "offset", default=0, low=0, high=OFFSET_MAX),
        limit=_number(request, "limit", default=LIMIT_DEFAULT, low=1, high=LIMIT_MAX),
    )


def named_trigger(request: AnyRequest) -> Trigger:
    """The trigger that the query parameters name. Raises `InvalidField`."""
    return trigger(_parameter(request, "trigger_type") or "", _parameter(request, "trigger_name") or "")


def _number(request: AnyRequest, name: str, *, default: int, low: int, high: int) -> int:
    text = _parameter(request, name)
    if text is None:
        return default
    if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
        raise InvalidField(name, f"expected an integer from {low} to {high}")
    return int(text)


def _parameter(request: AnyRequest, name: str) -> str | None:
    values = request.query_params.getall(name, [])
    if len(values) > 1:
        raise InvalidField(name, "expected to be given once")
    return values[0] if values else None

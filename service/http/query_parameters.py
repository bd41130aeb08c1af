"""The query parameters of requests."""

from core.catalogue import Trigger, trigger
from service.http import parameters
from service.http.headers import AnyRequest, text_of, value_of
from service.reads.listing import Wanted
from service.reads.pages import Page


def page(request: AnyRequest) -> Page:
    """The part of a list that `limit` and `offset` ask for. Raises `InvalidField`."""
    return Page(offset=value_of(request, parameters.OFFSET), limit=value_of(request, parameters.LIMIT))


def named_trigger(request: AnyRequest) -> Trigger:
    """The trigger that the query parameters name. Raises `InvalidField`."""
    return trigger(value_of(request, parameters.TRIGGER_TYPE), value_of(request, parameters.TRIGGER_NAME))


def wanted_webhooks(request: AnyRequest) -> Wanted:
    """The webhooks that the query parameters ask for. Raises `InvalidField`."""
    target_url = value_of(request, parameters.WANTED_TARGET_URL)
    of_trigger = (parameters.WANTED_TRIGGER_TYPE, parameters.WANTED_TRIGGER_NAME)
    is_of_trigger = any(text_of(request, parameter) is not None for parameter in of_trigger)
    return Wanted(target_url, named_trigger(request) if is_of_trigger else None)

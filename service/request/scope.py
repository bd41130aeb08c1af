"""What the ASGI scope of a request carries between steps: its caller, its level, and what its response shows."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, Tracer, set_span_in_context

from core.consistency import Level
from core.key_scopes import KeyScope
from service.request.context import Caller, Identified
from service.request.held import Held
from service.request.shown import Shown
from service.request.timing import NOT_TRACED, Timing, Traced

Scope = Any
"""A mapping that can be written to. Its type differs: Litestar's own has only the members that ASGI names."""

_TRACED = "crosshook.traced"
_IDENTIFIED = "crosshook.identified"
_EXPIRED = "crosshook.expired"
_LEVEL = "crosshook.level"
_SHOWN = "crosshook.shown"

CARRIED = (_IDENTIFIED, _LEVEL, _SHOWN)
"""The members for the response and its line, which are needed until the request is over."""


def trace(scope: Scope, tracer: Tracer, span: Span) -> None:
    """Have what is done for the request be part of `span`."""
    scope[_TRACED] = Traced(tracer, set_span_in_context(span, Context()))


def identified(scope: Scope, caller: Caller, needs: KeyScope = KeyScope.READ) -> Identified:
    """The request, now that its caller is known, with the scope that the caller's key must have."""
    request = Identified(caller=caller, timing=Timing(scope.get(_TRACED, NOT_TRACED)), held=Held(), scope=needs)
    scope[_IDENTIFIED] = request
    return request


def identified_in(scope: Mapping[str, Any]) -> Identified | None:
    """The request, or None as long as its caller is not known."""
    return scope.get(_IDENTIFIED)


def expired(scope: Scope) -> None:
    """The request's key is expired. Only the log says so."""
    scope[_EXPIRED] = True


def is_expired_in(scope: Mapping[str, Any]) -> bool:
    """Whether the request's key is expired."""
    return _EXPIRED in scope


def requires(scope: Scope, level: Level) -> None:
    """The request is a write that requires `level`."""
    scope[_LEVEL] = level


def level_in(scope: Mapping[str, Any]) -> Level | None:
    """The level that the request requires. None if it is no write."""
    return scope.get(_LEVEL)


def shows(scope: Scope, shown: Shown) -> None:
    """The request's response shows `shown`."""
    scope[_SHOWN] = shown


def shown_in(scope: Mapping[str, Any]) -> Shown | None:
    """What the request's response shows, or None if the caller's key was not checked."""
    return scope.get(_SHOWN)

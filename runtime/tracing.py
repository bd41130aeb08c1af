"""Traces: one from a request through append, ship and apply in every region.

Off unless one of `TRACES_ENDPOINTS` says where to send them; then nothing of OpenTelemetry is imported. What goes
from one process to the next is a `traceparent`, as text. Source: W3C Trace Context.
"""

import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Protocol

from core.redaction import without_login
from runtime.settings import InvalidSetting, TracesEndpoint

_VARIABLE = re.compile(r"\bOTEL_[A-Z_]+\b")

Attributes = Mapping[str, str | int]
"""What is known of a span, under OpenTelemetry's names or `crosshook.`'s."""

NOTHING: Attributes = {}


class Kind(StrEnum):
    """What a span is to the one before it."""

    SERVER = "server"
    INTERNAL = "internal"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Span(Protocol):
    """Something that takes time, as part of a trace. `traceparent` names it; it is `""` where nothing is traced."""

    traceparent: str

    def child(self, name: str, kind: Kind) -> "Span":
        """A part of it, that begins now."""

    def end(self, *, name: str = "", is_failed: bool = False, attributes: Attributes = NOTHING) -> None:
        """It is over, and this is known of it now; `name`, where it has a better one than at its beginning."""


class Tracing(Protocol):
    """Where spans begin that have their parent in another process."""

    def begin(self, name: str, kind: Kind, *, traceparent: str) -> Span:
        """A span that begins now; the first of a trace where `traceparent` names none."""

    def record(self, name: str, *, traceparent: str, began_nanoseconds: int, attributes: Attributes) -> None:
        """Something was done, from then (since 1970) until now, with what `traceparent` came with."""


class Untraced:
    """Tracing that is off, and each of its spans."""

    traceparent = ""

    def begin(self, _name: str, _kind: Kind, *, traceparent: str) -> "Untraced":  # noqa: ARG002 - the protocol's
        """Nothing."""
        return self

    def child(self, _name: str, _kind: Kind) -> "Untraced":
        """Nothing."""
        return self

    def end(self, *, name: str = "", is_failed: bool = False, attributes: Attributes = NOTHING) -> None:
        """Nothing."""

    def record(self, _name: str, *, traceparent: str, began_nanoseconds: int, attributes: Attributes) -> None:
        """Nothing."""


UNTRACED = Untraced()


@asynccontextmanager
async def open_tracing(endpoint: TracesEndpoint | None, *, process: str, region: str) -> AsyncIterator[Tracing]:
    """Tracing to `endpoint` while the context is open, or none if that is None. Raises `InvalidSetting`."""
    if endpoint is None:
        yield UNTRACED
        return
    try:
        from runtime.otlp import exporting, make_provider  # noqa: PLC0415 - only who traces has it installed

        provider = make_provider(endpoint.batches, process=process, region=region)
    except ImportError as error:
        expected = f"OpenTelemetry to be installed, as with crosshook[traces] ({error})"
        raise InvalidSetting(endpoint.variable, expected, without_login(endpoint.url)) from error
    except ValueError as error:
        raise _refused(error, endpoint) from error
    async with exporting(provider) as tracing:
        yield tracing


def _refused(error: ValueError, endpoint: TracesEndpoint) -> InvalidSetting:
    """What OpenTelemetry does not take, by the variable that it names; else by the one that turns traces on."""
    if named := _VARIABLE.search(str(error)):
        return InvalidSetting(named[0], f"what OpenTelemetry takes ({error})", os.environ.get(named[0]))
    expected = f"settings of OpenTelemetry that it takes ({error})"
    return InvalidSetting(endpoint.variable, expected, without_login(endpoint.url))

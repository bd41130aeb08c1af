"""What the handlers are given of a request: who asks, how long to wait for what, and what it has come to so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic
from types import TracebackType
from typing import Any, NamedTuple

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Tracer, set_span_in_context

from core.api_keys import Credentials
from core.consistency import Level
from core.events import ADMINISTRATOR, IdempotencyKey
from core.positions import Position, Vector
from core.preconditions import UNCONDITIONAL, Preconditions
from core.tokens import Token, highest, token_at, token_of
from runtime.tracing import OFF

_CALLER = "crosshook.caller"
_TRACED = "crosshook.traced"


class Part(StrEnum):
    """Where a request's time goes: to the projection, to the log, and until what it waits for is applied."""

    READ = "read"
    APPEND = "append"
    WAIT = "wait"


_KINDS = {Part.READ: SpanKind.INTERNAL, Part.APPEND: SpanKind.PRODUCER, Part.WAIT: SpanKind.INTERNAL}


class Traced(NamedTuple):
    """The trace of a request: its parts are spans of `tracer` in the context `whole`."""

    tracer: Tracer
    whole: Context


NOT_TRACED = Traced(OFF, Context())


class During:
    """A context, which gives a span: the time until it is left was spent on `part`."""

    __slots__ = ("_began", "_part", "_span", "_spent_seconds")

    def __init__(self, part: Part, spent_seconds: dict[Part, float], traced: Traced) -> None:
        self._part = part
        self._spent_seconds = spent_seconds
        self._span = traced.tracer.start_span(part, traced.whole, kind=_KINDS[part])

    def __enter__(self) -> Span:
        self._began = monotonic()
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        spent = self._spent_seconds
        spent[self._part] = spent.get(self._part, 0.0) + monotonic() - self._began
        self._span.end()


@dataclass
class Exchange:
    """What one request has seen and done, which the headers of whatever answer it gets tell.

    `asked` is the token that came with it. `seen` covers every state that it was answered from or decided on, and its
    own event. `operation_id` is that of its event, `""` as long as nothing was handed to the log. `is_let_in` says that
    the key that came with it was looked at, and is good; `is_caught_up` that a state was read that has all that was
    asked. It is `counted_as` one of those under way by these names. `level` is what it asks for, None where it is not a
    write. `position` is where its event is known to be, and `spent_seconds` where its time went, so far. It is
    `traced` as part of its span.
    """

    asked: Token = field(default_factory=dict)
    seen: Token = field(default_factory=dict)
    operation_id: str = ""
    is_let_in: bool = False
    is_caught_up: bool = False
    counted_as: list[str] = field(default_factory=list)
    at_end: list[Callable[[], None]] = field(default_factory=list)
    level: Level | None = None
    position: Position | None = None
    spent_seconds: dict[Part, float] = field(default_factory=dict)
    traced: Traced = NOT_TRACED

    def saw(self, vector: Vector) -> None:
        """The state with this vector was looked at."""
        self.seen = highest(self.seen, token_of(vector))

    def wrote(self, position: Position) -> None:
        """Its event is at this position."""
        self.position = position
        self.seen = highest(self.seen, token_at(position))

    def during(self, part: Part) -> During:
        """A context in which its time is spent on `part`."""
        return During(part, self.spent_seconds, self.traced)

    @property
    def token(self) -> Token:
        """What the client has seen now. What was not checked against what this region knows counts as the newer."""
        return highest(self.asked, self.seen) if self.is_caught_up else highest(self.seen, self.asked)


@dataclass(frozen=True)
class Caller:
    """Who asks, about which organization. `credentials` are to be checked; None where the admin key was shown."""

    organization_id: str
    credentials: Credentials | None
    exchange: Exchange = field(default_factory=Exchange)

    @property
    def author(self) -> str:
        """Who is to be named in the log."""
        return ADMINISTRATOR if self.credentials is None else self.credentials.key_id


def remember(scope: Any, caller: Caller) -> Caller:  # noqa: ANN401 - a mapping, to everybody in another way
    """Have `caller_of` know who asks with the request of that ASGI scope."""
    scope[_CALLER] = caller
    caller.exchange.traced = scope.get(_TRACED, NOT_TRACED)
    return caller


def trace(scope: Any, tracer: Tracer, span: Span) -> None:  # noqa: ANN401 - as above
    """Have what is done for the request of that ASGI scope be part of `span`."""
    scope[_TRACED] = Traced(tracer, set_span_in_context(span, Context()))


def caller_of(scope: Mapping[str, Any]) -> Caller | None:
    """Who asks with the request of that ASGI scope, if its headers say who."""
    return scope.get(_CALLER)


@dataclass(frozen=True)
class Wait:
    """How long to wait for what. `deadline` is in the event loop's time, counted from the request's arrival."""

    level: Level
    timeout_seconds: int
    deadline: float


@dataclass(frozen=True)
class WriteRequest:
    """A request for a write. With an `idempotency_key` it is recognized when it is repeated."""

    caller: Caller
    wait: Wait
    idempotency_key: IdempotencyKey | None = None
    preconditions: Preconditions = UNCONDITIONAL


@dataclass(frozen=True)
class ReadRequest:
    """Somebody asks for a state that is at least as new as the token that came with the request."""

    caller: Caller
    timeout_seconds: int
    deadline: float
    preconditions: Preconditions = UNCONDITIONAL

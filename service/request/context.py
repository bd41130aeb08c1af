"""What the handlers are given of a request: its caller, its wait, and what it has come to so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, Tracer, set_span_in_context

from core.api_keys import Credentials
from core.consistency import Level
from core.events import ADMINISTRATOR, IdempotencyKey
from core.positions import Position, Vector
from core.preconditions import UNCONDITIONAL, Preconditions
from core.tokens import Token, highest, token_at, token_of
from service.request.timing import NOT_TRACED, Timing, Traced

_CALLER = "crosshook.caller"
_TRACED = "crosshook.traced"


@dataclass
class Exchange:
    """What one request has seen and done so far, for the headers and the access log line of whatever response it gets.

    `asked` is its token. `seen` covers every state that it was answered from or decided on, and its own event.
    `operation_id` is that of its event, `""` as long as nothing was handed to the log, and `position` the event's place
    once it is known. `is_let_in` is True once its key was checked and is valid; `is_caught_up` once a state was read
    that has everything `asked` names. `counted_as` are the names under which it is in flight; `at_end` frees what it
    holds. `level` is None if it is no write.
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
    timing: Timing = field(default_factory=Timing)

    def saw(self, vector: Vector) -> None:
        """The state with this vector was looked at."""
        self.seen = highest(self.seen, token_of(vector))

    def wrote(self, position: Position) -> None:
        """Its event is at this position."""
        self.position = position
        self.seen = highest(self.seen, token_at(position))

    @property
    def token(self) -> Token:
        """What the client has seen now. What was not checked against what this region knows counts as the newer."""
        return highest(self.asked, self.seen) if self.is_caught_up else highest(self.seen, self.asked)


@dataclass(frozen=True)
class Caller:
    """The caller of a request, and its organization. `credentials` are to be checked; None with the admin key."""

    organization_id: str
    credentials: Credentials | None
    exchange: Exchange = field(default_factory=Exchange)

    @property
    def author(self) -> str:
        """The author that the log names."""
        return ADMINISTRATOR if self.credentials is None else self.credentials.key_id


def remember(scope: Any, caller: Caller) -> Caller:  # noqa: ANN401 - a mapping, whose type differs by caller
    """Store the caller for `caller_of` in the ASGI scope of its request."""
    scope[_CALLER] = caller
    caller.exchange.timing.traced = scope.get(_TRACED, NOT_TRACED)
    return caller


def trace(scope: Any, tracer: Tracer, span: Span) -> None:  # noqa: ANN401 - as above
    """Have what is done for the request of that ASGI scope be part of `span`."""
    scope[_TRACED] = Traced(tracer, set_span_in_context(span, Context()))


def caller_of(scope: Mapping[str, Any]) -> Caller | None:
    """The caller of the request of that ASGI scope, if its headers name one."""
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
    """The request asks for a state that is at least as new as its token."""

    caller: Caller
    timeout_seconds: int
    deadline: float
    preconditions: Preconditions = UNCONDITIONAL

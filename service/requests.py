"""What the handlers are given of a request: who asks, how long to wait for what, and what it has come to so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.api_keys import Credentials
from core.consistency import Level
from core.events import Retry
from core.positions import Position, Vector
from core.tokens import Token, highest, token_at, token_of

_CALLER = "crosshook.caller"


@dataclass
class Exchange:
    """What one request has seen and done, which the headers of whatever answer it gets tell.

    `asked` is the token that came with it. `seen` covers every state that it was answered from or decided on, and its
    own event. `operation_id` is that of its event, `""` as long as nothing was handed to the log. `is_let_in` says that
    the key that came with it was looked at, and is good. `level` is what it asks for, None where it is not a write.
    """

    asked: Token = field(default_factory=dict)
    seen: Token = field(default_factory=dict)
    operation_id: str = ""
    is_let_in: bool = False
    level: Level | None = None

    def saw(self, vector: Vector) -> None:
        """The state with this vector was looked at."""
        self.seen = highest(self.seen, token_of(vector))

    def wrote(self, position: Position) -> None:
        """Its event is at this position."""
        self.seen = highest(self.seen, token_at(position))

    @property
    def token(self) -> Token:
        """What the client has seen now."""
        return highest(self.asked, self.seen)


@dataclass(frozen=True)
class Caller:
    """Who asks, about which organization. `credentials` are to be checked; None where the admin key was shown."""

    organization_id: str
    credentials: Credentials | None
    exchange: Exchange = field(default_factory=Exchange)

    @property
    def author(self) -> str:
        """Who is to be named in the log."""
        return "admin" if self.credentials is None else self.credentials.key_id


def remember(scope: Any, caller: Caller) -> Caller:  # noqa: ANN401 - a mapping, to everybody in another way
    """Have `caller_of` know who asks with the request of that ASGI scope."""
    scope[_CALLER] = caller
    return caller


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
    """Somebody asks for a write. By `retry` it is known again when it is repeated; None where it need not be."""

    caller: Caller
    wait: Wait
    retry: Retry | None = None


@dataclass(frozen=True)
class ReadRequest:
    """Somebody asks for a state that is at least as new as the token that came with the request."""

    caller: Caller
    timeout_seconds: int
    deadline: float

"""What a response shows of its request: the state that it was answered from, and the operation that it made."""

from types import TracebackType
from typing import Generic, NamedTuple, Self, TypeVar

from core.positions import Position, Vector
from core.tokens import Token, highest, token_at, token_of
from core.topology import REGIONS_MAX

T = TypeVar("T")


class Shown(NamedTuple):
    """What a response shows. There is none before the caller's key was checked.

    `token` covers every state that the request was answered from or decided on, and its own event. It is empty if no
    region has an event. `operation_id` is `""` if nothing was handed to the log, and `position` is None as long as the
    event's place is not known.
    """

    token: Token
    operation_id: str = ""
    position: Position | None = None


class Result(NamedTuple, Generic[T]):
    """What a use case returns."""

    value: T
    shown: Shown


class Refused(Exception):
    """A use case ended with the error `why`. `shown` is None if that came before the caller's key was checked."""

    def __init__(self, why: Exception, shown: Shown | None) -> None:
        super().__init__(str(why))
        self.why = why
        self.shown = shown


class Progress:
    """What one run of a use case has seen and done so far. An error that leaves its context becomes `Refused`.

    `is_caught_up` is True once a state was read that has everything that the token `asked` names.
    """

    __slots__ = ("_asked", "_position", "_seen", "is_caught_up", "operation_id")

    def __init__(self, asked: Token) -> None:
        self._asked = asked
        self._seen: Token | None = None
        self._position: Position | None = None
        self.is_caught_up = False
        self.operation_id = ""

    def saw(self, vector: Vector) -> None:
        """The caller's key is valid, and the state with this vector was looked at."""
        seen = token_of(vector)
        self._seen = seen if self._seen is None else highest(self._seen, seen)

    def wrote(self, position: Position) -> None:
        """Its event is at this position."""
        self._position = position
        self._seen = highest(self._seen or {}, token_at(position))

    def refused(self, why: Exception) -> Refused:
        """The use case ends with the error `why`."""
        return Refused(why, None if self._seen is None else self._shown(self._seen))

    def result(self, value: T) -> Result[T]:
        """The use case ends with `value`."""
        return Result(value, self._shown(self._seen or {}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            raise self.refused(error) from error

    def _shown(self, seen: Token) -> Shown:
        """What was not checked against what this region knows counts as the newer."""
        if not self._asked and len(seen) <= REGIONS_MAX:
            token = seen  # Nearly always: nothing to merge.
        else:
            token = highest(self._asked, seen) if self.is_caught_up else highest(seen, self._asked)
        return Shown(token if seen else {}, self.operation_id, self._position)

"""A request as the use cases take it: its caller, the state that it asks for, and how long it waits."""

import msgspec

from core.api_keys import Credentials
from core.consistency import Level
from core.events import ADMINISTRATOR, IdempotencyKey, author_of_administrator
from core.key_scopes import KeyScope
from core.preconditions import UNCONDITIONAL, Preconditions
from core.tokens import Token
from service.request.held import Held
from service.request.timing import Timing


class Caller(msgspec.Struct, frozen=True):
    """The caller of a request, and its organization. `credentials` are to be checked; an administrator has none.

    `admin_id` is the id of an administrator's key.
    """

    organization_id: str
    credentials: Credentials | None
    admin_id: str = ADMINISTRATOR

    @property
    def is_administrator(self) -> bool:
        """Whether it is an administrator, whose key was checked when the caller was identified."""
        return self.credentials is None

    @property
    def author(self) -> str:
        """The author that the log names."""
        return author_of_administrator(self.admin_id) if self.credentials is None else self.credentials.key_id


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose caller is identified, where its time went, and what it holds until its response is sent.

    An organization's key must have `scope`.
    """

    caller: Caller
    timing: Timing
    held: Held
    scope: KeyScope = KeyScope.READ

    @property
    def is_proven(self) -> bool:
        """Whether a key proved that the request is its organization's. Until then its organization is a claim."""
        return self.held.is_proven or self.caller.is_administrator


class Wait(msgspec.Struct, frozen=True):
    """How long to wait for what. `deadline` is in the event loop's time, counted from the request's arrival."""

    level: Level
    timeout_seconds: int
    deadline: float


class WriteRequest(Identified, frozen=True, kw_only=True):
    """A request for a write. With an `idempotency_key` it is recognized when it is repeated.

    Its decision does not wait for the token `asked`. The token of its response covers it.
    """

    asked: Token
    wait: Wait
    idempotency_key: IdempotencyKey | None = None
    preconditions: Preconditions = UNCONDITIONAL


class ReadRequest(Identified, frozen=True, kw_only=True):
    """The request asks for a state that is at least as new as the token `asked`."""

    asked: Token
    timeout_seconds: int
    deadline: float
    preconditions: Preconditions = UNCONDITIONAL

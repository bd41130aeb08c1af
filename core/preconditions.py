"""Preconditions: the state of a resource in which a request may take effect (RFC 9110, 13)."""

import re
from enum import Enum

import msgspec

from core.commands import Refusal

ANY = ("*",)
"""The meaning of `*`: any state of the resource."""

_TAG = r'(?:W/)?"[!#-~\x80-\xff]*"'
_TAGS = re.compile(_TAG)
# Each blank can match in one place only, so the time to match grows only with the length of the list.
_LIST = re.compile(rf"[ \t]*(?:{_TAG}[ \t]*)?(?:,[ \t]*(?:{_TAG}[ \t]*)?)*")
_WEAK = "W/"


class InvalidTags(ValueError):
    """The text is neither `*` nor a list of entity tags."""


class Unmet(Enum):
    """Why a precondition does not hold."""

    CHANGED = "If-Match names other states"
    WEAKENED = "If-Match names this state, by a weak tag, which it does not compare"
    UNTAGGED = "If-Match names states of what has no tag"
    MATCHED = "If-None-Match names this state"


class Preconditions(msgspec.Struct, frozen=True):
    """What a request requires of the state: entity tags as sent, `ANY`, or None if it requires nothing."""

    if_match: tuple[str, ...] | None = None
    if_none_match: tuple[str, ...] | None = None

    def unmet(self, etag: str | None) -> Unmet | None:
        """Why these do not hold for a state with `etag`, or without a tag if that is None; None if they hold."""
        own = None if etag is None else f'"{etag}"'
        if self.if_match not in (None, ANY):
            if own is None:
                return Unmet.UNTAGGED
            if own not in self.if_match:
                return Unmet.WEAKENED if _WEAK + own in self.if_match else Unmet.CHANGED
        if self.if_none_match is None:
            return None
        is_known = self.if_none_match == ANY or own in {tag.removeprefix(_WEAK) for tag in self.if_none_match}
        return Unmet.MATCHED if is_known else None


UNCONDITIONAL = Preconditions()


class PreconditionFailed(Refusal):
    """A precondition does not hold for the state with `etag`, of the webhook with that id if there is one."""

    def __init__(self, unmet: Unmet, *, etag: str | None, webhook_id: str = "") -> None:
        super().__init__(unmet.value)
        self.unmet = unmet
        self.etag = etag
        self.webhook_id = webhook_id


def tags_in(text: str) -> tuple[str, ...]:
    """The entity tags of a header, or `ANY`. Empty elements do not count. Raises `InvalidTags`."""
    if text.strip(" \t") == "*":
        return ANY
    if not _LIST.fullmatch(text):
        raise InvalidTags(text)
    return tuple(_TAGS.findall(text))


def require(preconditions: Preconditions, etag: str | None = None, *, webhook_id: str = "") -> None:
    """Return if `preconditions` hold for a state with `etag`. Raises `PreconditionFailed`."""
    unmet = preconditions.unmet(etag)
    if unmet is not None:
        raise PreconditionFailed(unmet, etag=etag, webhook_id=webhook_id)

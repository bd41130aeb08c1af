"""The forms that a parameter's text can have. Each form parses a text, and describes itself in JSON Schema."""

import re
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from core.preconditions import InvalidTags, tags_in
from core.tokens import TOKEN_CHARACTERS_MAX, InvalidToken, Token, parse_token
from service.http import patterns
from service.http.identifiers import uuid_in

Json = dict[str, Any]
E = TypeVar("E", bound=StrEnum)

_DIGITS = re.compile(r"[0-9]{1,10}")
_PRINTABLE = re.compile("[!-~]+")


class Unexpected(ValueError):
    """A text that does not have the form. `expected` names the form."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


class Integer(NamedTuple):
    """An integer in a range, both ends included, in at most ten digits."""

    minimum: int
    maximum: int
    unit: str = ""

    def parse(self, text: str) -> int:
        """The number. Raises `Unexpected`."""
        if not _DIGITS.fullmatch(text) or not self.minimum <= int(text) <= self.maximum:
            unit = f", in {self.unit}" if self.unit else ""
            raise Unexpected(f"an integer from {self.minimum} to {self.maximum}{unit}")
        return int(text)

    def schema(self) -> Json:
        """The form in JSON Schema."""
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


class OneOf(Generic[E]):
    """A member of an enum, by its value."""

    def __init__(self, kind: type[E]) -> None:
        self._kind = kind

    def parse(self, text: str) -> E:
        """The member. Raises `Unexpected`."""
        try:
            return self._kind(text)
        except ValueError:
            raise Unexpected("one of " + ", ".join(self._kind)) from None

    def schema(self) -> Json:
        """The form in JSON Schema."""
        return {"type": "string", "enum": list(self._kind)}


class Named(NamedTuple):
    """One of several names. What reads the parameter checks which of them is known there."""

    names: tuple[str, ...]

    def parse(self, text: str) -> str:
        """The text as it is."""
        return text

    def schema(self) -> Json:
        """The form in JSON Schema."""
        return {"type": "string", "enum": list(self.names)}


class Printable(NamedTuple):
    """Printable ASCII characters without spaces. `expected` names their purpose."""

    expected: str
    characters_max: int | None = None

    def parse(self, text: str) -> str:
        """The text as it is. Raises `Unexpected`."""
        is_too_long = self.characters_max is not None and len(text) > self.characters_max
        if is_too_long or not _PRINTABLE.fullmatch(text):
            raise Unexpected(self.expected)
        return text

    def schema(self) -> Json:
        """The form in JSON Schema."""
        longest = {} if self.characters_max is None else {"maxLength": self.characters_max}
        return {"type": "string", "pattern": patterns.PRINTABLE, **longest}


class Identifier(NamedTuple):
    """A UUID.

    In a header it has no `format`: a generated client would send the object that its language has for a UUID.
    """

    has_format: bool = True

    def parse(self, text: str) -> str:
        """The UUID in lower case. Raises `Unexpected`."""
        found = uuid_in(text)
        if found is None:
            raise Unexpected("a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1")
        return found

    def schema(self) -> Json:
        """The form in JSON Schema."""
        return {"type": "string", **({"format": "uuid"} if self.has_format else {}), "pattern": patterns.UUID}


class ConsistencyToken(NamedTuple):
    """A token from an earlier response."""

    def parse(self, text: str) -> Token:
        """The token. Raises `Unexpected`."""
        try:
            return parse_token(text)
        except InvalidToken:
            raise Unexpected("the value of this header in an earlier response") from None

    def schema(self) -> Json:
        """The form in JSON Schema."""
        return {
            "type": "string",
            "format": "consistency-token",
            "pattern": patterns.PRINTABLE,
            "maxLength": TOKEN_CHARACTERS_MAX,
        }


class EntityTags(NamedTuple):
    """`*`, or entity tags in a list (RFC 9110, 13.1.1)."""

    def parse(self, text: str) -> tuple[str, ...]:
        """The tags as they came. Raises `Unexpected`."""
        try:
            return tags_in(text)
        except InvalidTags:
            raise Unexpected('an ETag in double quotes such as "3f2a", a list of them with commas, or *') from None

    def schema(self) -> Json:
        """The form in JSON Schema."""
        return {"type": "string", "pattern": patterns.ENTITY_TAGS}

"""JSON bodies of requests, in two steps: whether a body is JSON at all, and whether it has the members of its kind."""

import re
from typing import Any, TypeVar

import msgspec

B = TypeVar("B")

_decoder = msgspec.json.Decoder()

_MEMBER = re.compile(r"`\$\.(.+)`$")
"""The member that an error of msgspec names."""


class InvalidBody(ValueError):
    """The body is not the one that the route takes."""


def document_in(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The body as JSON, or `UNSET` if there is none. Raises `InvalidBody`."""
    if not body:
        return msgspec.UNSET
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"expected a JSON object ({error})") from error


def as_kind(document: Any, kind: type[B]) -> B:  # noqa: ANN401 - any JSON
    """The document as `kind`. Raises `InvalidBody`."""
    if document is msgspec.UNSET:
        raise InvalidBody("expected a JSON object, got nothing")
    try:
        return msgspec.convert(document, kind, strict=False)
    except msgspec.ValidationError as error:
        found = _MEMBER.search(str(error))
        what = str(error).split(" - ", maxsplit=1)[0]
        raise InvalidBody(f"{found[1]}: {what}" if found else what) from error

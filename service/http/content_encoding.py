"""`Content-Encoding`: only bodies without an encoding are accepted."""

from collections.abc import Sequence

from service.http.headers import CONTENT_ENCODING, AnyRequest, texts_of

IDENTITY = "identity"
_HEADER = CONTENT_ENCODING.lower().encode()
_WITH_A_BODY = frozenset({"POST", "PATCH"})


class EncodedBody(Exception):
    """The body is encoded, and would have to be decoded before it can be read."""


def refuse_encoded_body(request: AnyRequest) -> None:
    """Raise `EncodedBody` if the request's body is encoded. Runs before the body is parsed."""
    if request.method in _WITH_A_BODY and not _is_plain(texts_of(request, _HEADER)):
        raise EncodedBody


def _is_plain(lines: Sequence[str]) -> bool:
    """Codings are a list, without regard to case, on any number of lines (RFC 9110, 8.4)."""
    return not lines or {coding.strip() for coding in ",".join(lines).lower().split(",")} <= {"", IDENTITY}

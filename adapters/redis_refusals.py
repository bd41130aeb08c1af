"""Recognizes the errors with which Redis refuses a call because of its state. Pure."""

import re

from redis.exceptions import MasterDownError, OutOfMemoryError, ReadOnlyError, ResponseError

_CODES = {ReadOnlyError: "READONLY", OutOfMemoryError: "OOM", MasterDownError: "MASTERDOWN"}
"""The client removes these words from the error's text."""

_REFUSAL = re.compile(r"\b(?:READONLY|MASTERDOWN|NOREPLICAS|MISCONF|OOM)\b[^\r\n]*")
"""A script's error has such a word in its middle; with Redis 6.2, after the place in the script."""


def refusal_in(error: Exception) -> str:
    """The refusal in Redis's words, its code first; `""` if `error` is no refusal."""
    if not isinstance(error, ResponseError):
        return ""
    code = next((word for kind, word in _CODES.items() if isinstance(error, kind)), "")
    found = _REFUSAL.search(f"{code} {error}".strip())
    return "" if found is None else found[0].partition(" script: ")[0].rstrip(" .,")

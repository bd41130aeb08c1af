"""Regular expressions for JSON Schema that ECMAScript, Python, Rust and RE2 read alike.

They follow the advice of JSON Schema (Core, 6.4): no look-around, only plain groups, no named class, and escapes of
ASCII only. Other characters stand for themselves: RE2 has no escape for them that ECMAScript has too.

Each matches what the code accepts that checks the field; the tests compare the two. If no regular expression can do
that, the pattern matches less: the code accepts every match, and the docstring names what it accepts besides.
"""

UUID = r"^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$"

NOT_BLANK = "[^\\t-\\r\\x1c-\\x20\\x7f-\xa0\u1680\u2000-\u200a\u2027-\u202f\u205f\u3000]"
"""Somewhere a character that is not white space, as `str.isspace` has it: `\\S` is another set in each language.

Taken besides: a name of nothing but DEL, C1 controls and marks of direction. To leave these out spares the pattern the
three line separators among them, which the source text of a generated client cannot have in a string.
"""

HEADER_NAME = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

_RESERVED = [
    *("connection", "content-length", "content-type", "expect", "host"),
    *("keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
]


def _in_any_case(text: str) -> str:
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in text)


_WHOLE, _PREFIXES = ("|".join(map(_in_any_case, names)) for names in (_RESERVED, ["proxy", "webhook"]))
RESERVED_HEADER = f"^({_WHOLE}|({_PREFIXES})-.*)$"
"""A name that no custom header can have."""

HEADER_VALUE = r"^([^\x00-\x20\x7f]([^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)?$"

_LABEL = "[0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?"
_LAST_LABEL = (
    "([A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?|[0-9]{1,31}([A-Za-z_]|[A-Za-z_-][0-9A-Za-z_-]{0,30}[0-9A-Za-z_]))"
)
_SCHEME = "^[Hh][Tt][Tt][Pp][Ss]://"
_PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
TARGET_URL = (
    rf"{_SCHEME}({_LABEL}\.)*{_LAST_LABEL}\.?(:(0*{_PORT})?)?"
    "(/([!$&-;=@-Z_a-z~]|%[0-9A-Fa-f]{2})*)?$"
)
"""Taken besides: a host whose last label begins with more than 31 digits, or has a long tail after some digits."""
_NO_LAST_LABEL = f"(0[Xx][0-9A-Fa-f]*|{_in_any_case('localhost')})"
NO_TARGET_URL = rf"{_SCHEME}([^:/]{{254}}|([^:/]*\.)?{_NO_LAST_LABEL}\.?([:/]|$))"
"""Hosts that match `TARGET_URL` and are refused: one that is too long, `localhost`, or a hexadecimal IP address."""

_FRACTION = r"(\.[0-9]*)?"
_MICRO = "[u\u00b5\u03bc]"
_SECONDS = rf"(1?[0-9]{_FRACTION}|\.[0-9]+|20(\.0*)?)s"
_MILLISECONDS = rf"(1?[0-9]{{1,4}}{_FRACTION}|\.[0-9]+|20000(\.0*)?)ms"
_MICROSECONDS = rf"(1?[0-9]{{1,7}}{_FRACTION}|\.[0-9]+|20000000(\.0*)?){_MICRO}s"
_NANOSECONDS = rf"(1?[0-9]{{1,10}}{_FRACTION}|\.[0-9]+|20000000000(\.0*)?)ns"
_TIMEOUT = rf"\+?(0|{_SECONDS}|{_MILLISECONDS}|{_MICROSECONDS}|{_NANOSECONDS})"
TIMEOUT = f"^{_TIMEOUT}$"
"""A Go duration from 0 s to 20 s in one unit, which is all that Go itself writes of them. Taken besides: what has to be
calculated, such as the sum `1s500ms`, a part of a minute such as `0.1m`, a part of a nanosecond; leading zeros; -0."""

TIMEOUT_CHARACTERS_MAX = 64

TIMEOUT_OR_NONE = f"^({_TIMEOUT})?$"

_ENTITY_TAG = r'(W/)?"[!#-~]*"'
ENTITY_TAGS = rf"^(\*|({_ENTITY_TAG} *)?(, *({_ENTITY_TAG} *)?)*)$"
"""`*`, or a list that may have empty elements. Blanks at either end are no part of a header's value."""

PRINTABLE = "^[!-~]+$"
"""ASCII without spaces."""

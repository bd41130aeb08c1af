"""The admin keys of a service, each with an id by which the log names its holder."""

import re
from typing import NamedTuple

from core.events import ADMINISTRATOR
from runtime.settings import SECRET, Environment, InvalidSetting

ADMIN_KEY, ADMIN_KEYS = "CROSSHOOK_ADMIN_KEY", "CROSSHOOK_ADMIN_KEYS"

ADMIN_KEYS_MAX = 100
"""Each request is compared with all of them."""

_LINE = re.compile(rf"([a-z0-9-]{{1,40}})[ \t]+({SECRET.pattern})[ \t]*")
_EXPECTED = "lines of an id (1 to 40 of a-z, 0-9 and -), a space, and a key (32 to 256 printable ASCII characters)"


class AdminKey(NamedTuple):
    """The text of an admin key, and the id of its holder."""

    admin_id: str
    text: str


def read_admin_keys(environment: Environment) -> tuple[AdminKey, ...]:
    """The keys of `CROSSHOOK_ADMIN_KEY`, whose id is `admin`, and of `CROSSHOOK_ADMIN_KEYS`. Raises `InvalidSetting`.

    No error repeats a key.
    """
    keys = list(_named(environment.text(ADMIN_KEYS)))
    if text := environment.secret(ADMIN_KEY):
        keys.insert(0, AdminKey(ADMINISTRATOR, text))
    _require_unique("ids", [key.admin_id for key in keys])
    _require_unique("keys", [key.text for key in keys])
    return tuple(keys)


def _named(text: str) -> list[AdminKey]:
    """The keys of a file's lines. Empty lines, and lines that begin with `#`, are left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = [_LINE.fullmatch(line) for line in lines]
    if len(lines) > ADMIN_KEYS_MAX:
        raise InvalidSetting(ADMIN_KEYS, f"at most {ADMIN_KEYS_MAX} lines", str(len(lines)))
    if None in found:
        raise InvalidSetting(ADMIN_KEYS, _EXPECTED, f"something else in line {found.index(None) + 1}")
    return [AdminKey(*match.groups()) for match in found if match is not None]


def _require_unique(what: str, texts: list[str]) -> None:
    if len(set(texts)) < len(texts):
        raise InvalidSetting(ADMIN_KEYS, f"other {what} than those of {ADMIN_KEY} and of its other lines", "one twice")

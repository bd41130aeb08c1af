"""The normal form by which `target_url`s are compared, and the index that finds webhooks by it.

Source: RFC 3986, sections 6.2.2 and 6.2.3. The text of a `target_url` stays as it was given.
"""

import re

from core.registers import Index, entry_of

_URL = re.compile(r"(?P<scheme>[^:/?#]+)://(?P<host>[^/?#:]*)(?::(?P<port>[0-9]*))?(?P<path>/[^?#]*)?")
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_DEFAULT_PORT = ("", "443")
_UNRESERVED = re.compile("[A-Za-z0-9._~-]")


def normal_form(target_url: str) -> str:
    """The one text for all equivalent `target_url`s. A text that was never accepted is its own normal form."""
    found = _URL.fullmatch(target_url)
    if found is None:
        return target_url
    port = (found["port"] or "").lstrip("0")
    authority = found["host"].lower() + (f":{port}" if port not in _DEFAULT_PORT else "")
    path = _without_dot_segments(_ESCAPE.sub(_plain, found["path"] or "/"))
    return f"{found['scheme'].lower()}://{authority}{path}"


def _plain(escape: re.Match[str]) -> str:
    """The character itself, if it is unreserved; else the escape in capital letters."""
    character = chr(int(escape[1], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0].upper()


def _without_dot_segments(path: str) -> str:
    """RFC 3986, section 5.2.4, for a path that begins with a slash."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def value_with_normal_form(target_url: str) -> str:
    """The register's value for a `target_url`: its text and, if different, a space and its normal form."""
    normal = normal_form(target_url)
    return target_url if normal == target_url else f"{target_url} {normal}"


def text_in(value: str) -> str:
    """The text of the `target_url` that a register stores as `value`."""
    return value.partition(" ")[0]


def normal_form_in(value: str) -> str:
    """The normal form of the `target_url` that a register stores as `value`."""
    return value.rpartition(" ")[2]


def targets_key(organization_id: str) -> str:
    """The key of the index of an organization's webhooks by the normal form of their `target_url`."""
    return f"targets:{organization_id}"


def index_of(organization_id: str, target_url: str) -> Index:
    """The entry of the index that names the webhooks with `target_url` or an equivalent one."""
    return Index(targets_key(organization_id), entry_of(normal_form(target_url)))

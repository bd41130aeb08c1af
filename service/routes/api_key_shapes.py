"""The JSON shapes of API keys, and how they become keys."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from core.api_keys import NAME_CHARACTERS_MAX, ApiKey
from core.fields import InvalidField
from core.key_scopes import KeyScope, restriction
from service.http.envelope import Moment, rfc3339

YEAR_9999_MILLISECONDS = 253_370_764_800_000
"""An expiry is before it: no later time can be shown everywhere."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_SCOPES = ", ".join(KeyScope)
_WHAT_SCOPES_ADMIT = (
    "`read`: `GET` and `HEAD`. `write`: all other requests about webhooks and triggers. `events`: reports of events."
)

KeyName = Annotated[
    str, Meta(description="Whose key it is, for people.", extra_json_schema={"maxLength": NAME_CHARACTERS_MAX})
]


class ApiKeyBody(msgspec.Struct, frozen=True):
    """The body that issues a key: a name by which people know it, and its restrictions."""

    name: KeyName | None = None
    scopes: (
        Annotated[
            list[Annotated[str, Meta(extra_json_schema={"enum": list(KeyScope)})]],
            Meta(
                description=f"What requests with the key may do. {_WHAT_SCOPES_ADMIT} Without it: all.",
                extra_json_schema={"minItems": 1},
            ),
        ]
        | None
    ) = None
    expires_at: (
        Annotated[
            str,
            Meta(
                description="A future time as in RFC 3339. From then on the key is refused. Without it: never.",
                extra_json_schema={"format": "date-time"},
            ),
        ]
        | None
    ) = None


class ApiKeyView(msgspec.Struct, frozen=True):
    """A key as lists have it."""

    id: Annotated[str, Meta(description="A UUIDv7.", extra_json_schema={"format": "uuid"})]
    name: KeyName
    created_at: Moment
    scopes: Annotated[list[str], Meta(description=f"What requests with the key may do. {_WHAT_SCOPES_ADMIT}")]
    expires_at: Annotated[Moment | None, Meta(description="When the key expires, or expired. Null: never.")]
    last_used_at: Annotated[
        str | None,
        Meta(
            description="The last day (UTC) on which a request with the key is known to be accepted. Null: none.",
            extra_json_schema={"format": "date"},
        ),
    ]


class IssuedApiKeyView(ApiKeyView, frozen=True):
    """A new key, with its text. No other response has the text."""

    key: Annotated[str, Meta(description="The value for `SlashID-API-Key`. No other response shows it.")]


def view_of(api_key: ApiKey) -> ApiKeyView:
    """A key as lists have it."""
    expires_at = api_key.expires_at_milliseconds
    return ApiKeyView(
        id=api_key.key_id,
        name=api_key.name,
        created_at=rfc3339(api_key.created_at_milliseconds),
        scopes=list(api_key.scopes),
        expires_at=None if expires_at is None else rfc3339(expires_at),
        last_used_at=api_key.last_used_day or None,
    )


def issued_view_of(api_key: ApiKey, text: str) -> IssuedApiKeyView:
    """A new key with its text."""
    return IssuedApiKeyView(**msgspec.structs.asdict(view_of(api_key)), key=text)


def name_in(text: str | None) -> str:
    """A key's name. Raises `InvalidField`."""
    if text is not None and len(text) > NAME_CHARACTERS_MAX:
        raise InvalidField("name", f"expected at most {NAME_CHARACTERS_MAX} characters")
    return text or ""


def scopes_in(names: Sequence[str] | None) -> tuple[str, ...]:
    """A key's scopes as they are stored. Raises `InvalidField`."""
    if names is None:
        return restriction(KeyScope)
    if not names or not set(names) <= set(KeyScope):
        raise InvalidField("scopes", f"expected one or more of {_SCOPES}")
    return restriction(names)


def expiry_in(text: str | None, *, now_milliseconds: int) -> int | None:
    """A key's expiry in milliseconds since 1970. Raises `InvalidField`."""
    if text is None:
        return None
    expiry = _milliseconds(text)
    if expiry is None or not now_milliseconds < expiry < YEAR_9999_MILLISECONDS:
        raise InvalidField("expires_at", "expected a future time before the year 9999, such as 2030-01-31T00:00:00Z")
    return expiry


def _milliseconds(text: str) -> int | None:
    """The time in `text`, or None if it is none as in RFC 3339."""
    if not _RFC3339.fullmatch(text):
        return None
    try:
        return int(datetime.fromisoformat(text.upper()).timestamp() * 1_000)
    except (ValueError, OverflowError):
        return None

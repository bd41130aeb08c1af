"""Every parameter of the API: its name, its form, its default, and what the OpenAPI document says of it."""

from core.catalogue import NAMES, TriggerType
from core.consistency import Level
from core.tokens import Token
from service.http.parameter import Parameter, Place
from service.http.parameter_forms import (
    ConsistencyToken,
    EntityTags,
    Identifier,
    Integer,
    Named,
    OneOf,
    Printable,
)

IDEMPOTENCY_KEY_CHARACTERS_MAX = 255
_TRIGGER_TYPES = Named(tuple(TriggerType))
_TRIGGER_NAMES = Named(tuple(name for names in NAMES.values() for name in names))

ORGANIZATION: Parameter[str] = Parameter(
    key="organization",
    name="SlashID-OrgID",
    place=Place.HEADER,
    form=Identifier(has_format=False),
    default="",
    is_required=True,
    description="The organization ID.",
)
CONSISTENCY: Parameter[Level] = Parameter(
    key="consistency",
    name="SlashID-Required-Consistency",
    place=Place.HEADER,
    form=OneOf(Level),
    default=Level.LOCAL_REGION,
    description=(
        "The consistency level required for this request. `local_region`: wait until this region shows the write. "
        "`all_regions`: wait until every region shows it. If the timeout ends first, the request returns 408. A 408 "
        "undoes nothing: the write still reaches every region."
    ),
)
TIMEOUT: Parameter[int] = Parameter(
    key="timeout",
    name="SlashID-Required-Consistency-Timeout",
    place=Place.HEADER,
    form=Integer(1, 120, unit="seconds"),
    default=30,
    description=(
        "The maximum number of seconds to wait, from the request's arrival. A write waits for the consistency that it "
        "requires, and a read for the state that its token names. Anything but an integer in the range returns 400."
    ),
)
TOKEN: Parameter[Token] = Parameter(
    key="token",
    name="SlashID-Consistency-Token",
    place=Place.HEADER,
    form=ConsistencyToken(),
    default={},
    description=(
        "The header of the same name of an earlier response, from any region. A read returns a state that is at least "
        "as new, and waits for it. The read returns 408 if the state does not arrive in time, and 410 if a restore "
        "lost it. A write does not wait for the token. The token of the write's own response covers it."
    ),
)
IDEMPOTENCY_KEY: Parameter[str | None] = Parameter(
    key="retry_key",  # Clients that were generated from earlier documents use this name.
    name="Idempotency-Key",
    place=Place.HEADER,
    form=Printable(
        f"1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} printable ASCII characters without spaces",
        IDEMPOTENCY_KEY_CHARACTERS_MAX,
    ),
    default=None,
    description=(
        "Makes it safe to repeat the request. A repeat with the same key and the same payload rejoins the first "
        "attempt and has the same outcome. It waits for the consistency that *this* attempt requires. The same key "
        "with another payload returns 422. A key belongs to its organization, method and path, and is kept for 24 "
        "hours. The administrator's keys are counted apart from the organization's. Refusals are not recorded. If one "
        "key is used in two regions before either region has seen the other's request, both requests take effect."
    ),
)
IF_MATCH: Parameter[tuple[str, ...] | None] = Parameter(
    key="if_match",
    name="If-Match",
    place=Place.HEADER,
    form=EntityTags(),
    default=None,
    is_list=True,
    description=(
        "The `ETag` of the state to change: one, several with commas between, or `*`. Returns 412 if this region has "
        "seen a later state."
    ),
)
IF_NONE_MATCH: Parameter[tuple[str, ...] | None] = Parameter(
    key="if_none_match",
    name="If-None-Match",
    place=Place.HEADER,
    form=EntityTags(),
    default=None,
    is_list=True,
    description=(
        "The `ETag` of a state that the client has: one, several with commas between, or `*`. Returns 304 if this "
        "region has that state."
    ),
)
LIMIT: Parameter[int | None] = Parameter(
    key="limit",
    name="limit",
    place=Place.QUERY,
    form=Integer(1, 1_000),
    default=None,
    description="How many items to list at most. Without it, the list is whole.",
)
OFFSET: Parameter[int] = Parameter(
    key="offset",
    name="offset",
    place=Place.QUERY,
    form=Integer(0, 1_000_000_000),
    default=0,
    description="How many items to skip first.",
)
TRIGGER_TYPE: Parameter[str] = Parameter(
    key="trigger_type",
    name="trigger_type",
    place=Place.QUERY,
    form=_TRIGGER_TYPES,
    default="",
    is_required=True,
    description="The trigger's type.",
)
TRIGGER_NAME: Parameter[str] = Parameter(
    key="trigger_name",
    name="trigger_name",
    place=Place.QUERY,
    form=_TRIGGER_NAMES,
    default="",
    is_required=True,
    description="The trigger's name, one that belongs to the type.",
)
WANTED_TARGET_URL: Parameter[str | None] = Parameter(
    key="wanted_target_url",
    name="target_url",
    place=Place.QUERY,
    form=Printable("a URL of printable ASCII characters without spaces"),
    default=None,
    description=(
        "Only webhooks with this `target_url`, or with one of the same normal form (RFC 3986, sections 6.2.2 and "
        "6.2.3)."
    ),
)
WANTED_TRIGGER_TYPE: Parameter[str | None] = Parameter(
    key="wanted_trigger_type",
    name="trigger_type",
    place=Place.QUERY,
    form=_TRIGGER_TYPES,
    default=None,
    description="Together with `trigger_name`: only webhooks that this trigger calls.",
)
WANTED_TRIGGER_NAME: Parameter[str | None] = Parameter(
    key="wanted_trigger_name",
    name="trigger_name",
    place=Place.QUERY,
    form=_TRIGGER_NAMES,
    default=None,
    description="Together with `trigger_type`: a name that belongs to the type.",
)


def _identifier(name: str, description: str) -> Parameter[str]:
    return Parameter(
        key=name,
        name=name,
        place=Place.PATH,
        form=Identifier(),
        default="",
        is_required=True,
        description=description,
    )


WEBHOOK_ID = _identifier("webhook_id", "The webhook's `id`. An unknown one, or one that is no UUID, returns 404.")
OPERATION_ID = _identifier("operation_id", "The `SlashID-Operation-ID` of a response.")
ORGANIZATION_ID = _identifier("organization_id", "The organization that the keys belong to.")
KEY_ID = _identifier("key_id", "The key's `id`.")

OF_A_WRITE: tuple[Parameter[object], ...] = (CONSISTENCY, TIMEOUT, TOKEN, IDEMPOTENCY_KEY)
"""What every write reads, besides the caller."""

OF_A_READ: tuple[Parameter[object], ...] = (TOKEN, TIMEOUT)
"""What every read reads, besides the caller."""

DECLARED: tuple[Parameter[object], ...] = (
    *(ORGANIZATION, *OF_A_WRITE, IF_MATCH, IF_NONE_MATCH, LIMIT, OFFSET, TRIGGER_TYPE, TRIGGER_NAME),
    *(WANTED_TARGET_URL, WANTED_TRIGGER_TYPE, WANTED_TRIGGER_NAME),
    *(WEBHOOK_ID, OPERATION_ID, ORGANIZATION_ID, KEY_ID),
)

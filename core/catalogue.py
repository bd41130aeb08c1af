"""The trigger types, and the names that belong to each. Source: the API page "Create a webhook trigger"."""

from enum import StrEnum
from typing import Annotated

import msgspec

from core.fields import InvalidField


class TriggerType(StrEnum):
    """The kind of a trigger."""

    EVENT = "event"
    SYNC_HOOK = "sync_hook"


NAMES: dict[TriggerType, tuple[str, ...]] = {
    TriggerType.EVENT: (
        "AuthenticationSucceeded_v1",
        "AuthenticationFailed_v1",
        "PersonCreated_v1",
        "AnonymousPersonCreated_v1",
        "PersonDeleted_v1",
        "VirtualPageLoaded_v1",
        "SlashIDSDKLoaded_v1",
        "PersonIdentified_v1",
        "PersonLoggedOut_v1",
        "TokenMinted_v1",
        "AnonymousTokenMinted_v1",
        "PasswordChanged_v1",
        "GdprConsentsChanged_v1",
        "GateServerStarted_v1",
        "GateRequestHandled_v1",
        "GateRequestCredentialFound_v1",
        "PermissionCreated_InRegion_v1",
        "PermissionCreated_v1",
        "PermissionDeleted_InRegion_v1",
        "PermissionDeleted_v1",
        "RoleCreated_InRegion_v1",
        "RoleCreated_v1",
        "RoleDeleted_InRegion_v1",
        "RoleDeleted_v1",
        "RoleUpdated_InRegion_v1",
        "RoleUpdated_v1",
        "RolesSetToPerson_InRegion_v1",
        "RolesSetToPerson_v1",
        "PermissionsSetToPerson_InRegion_v1",
        "PermissionsSetToPerson_v1",
        "MitmAttackDetected_v1",
        "PermissionUpdated_InRegion_v1",
        "PermissionUpdated_v1",
    ),
    TriggerType.SYNC_HOOK: ("token_minted", "identify_user", "threat_detection", "posture_detection"),
}


TypeOfTrigger = Annotated[
    str, msgspec.Meta(description="The kind of the trigger.", extra_json_schema={"enum": list(TriggerType)})
]
NameOfTrigger = Annotated[
    str,
    msgspec.Meta(
        description="The trigger, among those of its type.",
        extra_json_schema={"enum": [name for names in NAMES.values() for name in names]},
    ),
]
"""The OpenAPI document describes both fields with these. `trigger` checks the values."""


class Trigger(msgspec.Struct, frozen=True):
    """A reason to call a webhook. It has no id: within a webhook, its type and name identify it."""

    trigger_type: TypeOfTrigger
    trigger_name: NameOfTrigger


def trigger(trigger_type: str, trigger_name: str) -> Trigger:
    """The trigger of that type and name, or `InvalidField` with the allowed values."""
    try:
        kind = TriggerType(trigger_type)
    except ValueError:
        raise InvalidField("trigger_type", f"expected {_listed(tuple(TriggerType))}") from None
    if trigger_name not in NAMES[kind]:
        raise InvalidField("trigger_name", f"for trigger_type {kind} expected {_listed(NAMES[kind])}")
    return Trigger(trigger_type=kind.value, trigger_name=trigger_name)


def _listed(values: tuple[str, ...]) -> str:
    return "one of " + ", ".join(values)

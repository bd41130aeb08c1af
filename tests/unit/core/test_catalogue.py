import pytest

from core.catalogue import NAMES, Trigger, TriggerType, trigger
from core.fields import InvalidField

EVENTS = """
AuthenticationSucceeded_v1 AuthenticationFailed_v1 PersonCreated_v1 AnonymousPersonCreated_v1 PersonDeleted_v1
VirtualPageLoaded_v1 SlashIDSDKLoaded_v1 PersonIdentified_v1 PersonLoggedOut_v1 TokenMinted_v1
AnonymousTokenMinted_v1 PasswordChanged_v1 GdprConsentsChanged_v1 GateServerStarted_v1 GateRequestHandled_v1
GateRequestCredentialFound_v1 PermissionCreated_InRegion_v1 PermissionCreated_v1 PermissionDeleted_InRegion_v1
PermissionDeleted_v1 RoleCreated_InRegion_v1 RoleCreated_v1 RoleDeleted_InRegion_v1 RoleDeleted_v1
RoleUpdated_InRegion_v1 RoleUpdated_v1 RolesSetToPerson_InRegion_v1 RolesSetToPerson_v1
PermissionsSetToPerson_InRegion_v1 PermissionsSetToPerson_v1 MitmAttackDetected_v1 PermissionUpdated_InRegion_v1
PermissionUpdated_v1
""".split()
SYNC_HOOKS = "token_minted identify_user threat_detection posture_detection".split()
OF_TYPE = {"event": EVENTS, "sync_hook": SYNC_HOOKS}
PAIRS = [(kind, name) for kind, names in OF_TYPE.items() for name in names]


def test_the_catalogue_has_the_two_tables_of_the_page() -> None:
    assert {kind.value: list(names) for kind, names in NAMES.items()} == OF_TYPE
    assert len(PAIRS) == 37


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_a_name_with_its_own_type_is_a_trigger(kind: str, name: str) -> None:
    assert trigger(kind, name) == Trigger(trigger_type=kind, trigger_name=name)


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_a_name_of_the_other_type_is_refused(kind: str, name: str) -> None:
    (other,) = OF_TYPE.keys() - {kind}
    with pytest.raises(InvalidField) as refusal:
        trigger(other, name)
    assert refusal.value.field == "trigger_name"
    assert all(allowed in refusal.value.problem for allowed in OF_TYPE[other])


@pytest.mark.parametrize("kind", ["", "EVENT", "events", "event ", "webhook", "\0"])
def test_an_unknown_type_is_refused_with_the_types_that_there_are(kind: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        trigger(kind, "PersonCreated_v1")
    assert refusal.value.field == "trigger_type"
    assert all(allowed.value in refusal.value.problem for allowed in TriggerType)


@pytest.mark.parametrize("name", ["", "personcreated_v1", "PersonCreated", "PersonCreated_v1 ", "PersonCreated_v2"])
def test_a_name_must_match_exactly(name: str) -> None:
    with pytest.raises(InvalidField):
        trigger("event", name)

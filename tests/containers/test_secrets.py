"""Each container has only its own secrets. The first start makes them, and no later start does."""

from collections.abc import Mapping

import msgspec
import pytest
import pytest_asyncio

from core.positions import Region
from deploy.nats.accounts import REPLICATOR, ROUTES, SERVICE, peer
from deploy.redis.configuration import OPERATOR
from tests.containers.composed import REGIONS, RUN_ONCE, RUNNING, Composed
from tests.containers.secrets import held, secrets_in

pytestmark = [pytest.mark.containers, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secrets(composed: Composed) -> Mapping[str, str]:
    """Name -> secret, for all of them."""
    return secrets_in(await composed.files())


def meant_for(service: str) -> set[str]:
    """The names of the secrets that a container should have."""
    here = next((region for region in REGIONS if service.startswith(region)), Region(""))
    role = service.removeprefix(f"{here}-")
    match role.rstrip("-12"):
        case "nats":
            others = [peer(region) for region in REGIONS if region != here]
            users = [SERVICE, REPLICATOR, "log-operator", "copies-operator", "system-operator", *others]
            return {f"key {here}-nats", *(f"nats {here} {user}" for user in users)}
        case "redis":
            return {f"redis {here} {OPERATOR}"}
        case "service":
            admin = {"admin key"} if role == "service-2" else set()
            return {f"key {here}-service", f"nats {here} {SERVICE}", f"redis {here} {SERVICE}"} | admin
        case "replicator":
            at_others = {f"nats {region} {peer(here)}" for region in REGIONS if region != here}
            own = {f"nats {here} {REPLICATOR}", f"redis {here} {REPLICATOR}"}
            return {f"key {here}-replicator"} | own | at_others
        case _:
            return set()


@pytest.mark.parametrize("service", RUNNING)
async def test_a_container_has_the_secrets_of_its_role_and_no_other(
    composed: Composed, secrets: Mapping[str, str], service: str
) -> None:
    outcome = await composed.execute(
        service, "sh", "-c", "for file in /etc/crosshook*/*; do [ ! -f $file ] || cat $file; done; cat /proc/1/environ"
    )
    assert outcome.code == 0, outcome.error
    assert held(outcome.out, secrets) == meant_for(service)


async def test_every_secret_has_an_owner_and_no_two_are_equal(secrets: Mapping[str, str]) -> None:
    assert len(set(secrets.values())) == len(secrets) > 40
    meant = {name for service in RUNNING for name in meant_for(service)}
    for_people = {
        "key authority",
        "key operator",
        *(f"redis {region} {user}" for region in REGIONS for user in (SERVICE, REPLICATOR)),
    }
    for_three_servers = {f"nats {region} {ROUTES}" for region in REGIONS}
    assert set(secrets) - meant <= for_people | for_three_servers


async def test_only_init_has_the_vault(composed: Composed) -> None:
    mounts = {
        service: {mount.get("Name", "").removeprefix(f"{composed.name}_") for mount in state["Mounts"]}
        for service, state in (await composed.states()).items()
    }
    assert [service for service, volumes in mounts.items() if "vault" in volumes] == ["init"]


async def test_no_secret_is_in_the_engines_metadata_or_the_containers_logs(
    composed: Composed, secrets: Mapping[str, str]
) -> None:
    known = msgspec.json.encode(dict(await composed.states())).decode()
    said = await composed.compose("logs", "--no-color")
    assert "us-iowa-service-1" in known
    assert "us-iowa-service-1" in said
    assert held(known, secrets) == set()
    assert held(said, secrets) == set()


async def test_a_second_up_changes_no_secret_and_restarts_no_container(composed: Composed) -> None:
    before = await composed.files(), await started(composed), await api_key(composed)
    await composed.up()
    assert (await composed.files(), await started(composed), await api_key(composed)) == before


async def started(composed: Composed) -> dict[str, str]:
    """The start time of each running container."""
    return {name: one["State"]["StartedAt"] for name, one in (await composed.states()).items() if name not in RUN_ONCE}


async def api_key(composed: Composed) -> set[str]:
    """The API key in the lines that the guide printed."""
    said = await composed.compose("logs", "--no-color", "guide")
    return {line.rpartition("KEY=")[2] for line in said.splitlines() if "KEY=" in line}

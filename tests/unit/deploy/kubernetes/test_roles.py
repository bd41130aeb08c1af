"""Each role has the rights that it needs, probes, and a budget that never stops all of its pods."""

import pytest

from runtime.server import ANSWER_SECONDS
from tests.unit.deploy.kubernetes.rendered import WORKLOADS, Manifests, labels_of, selects

PROBES = {
    "nats": ("/healthz", "/healthz?js-server-only=true", "/healthz?js-enabled-only=true"),
    "redis": (None, None, None),
    "service": ("/livez", "/readyz", "/livez"),
    "admin": ("/livez", "/readyz", "/livez"),
    "replicator": ("/livez", "/readyz", "/livez"),
}
"""The paths of the startup, readiness and liveness probes. None: a TCP connection."""

MEBIBYTES = {"Mi": 1, "Gi": 1024}

every_role = pytest.mark.parametrize("role", WORKLOADS)


def mebibytes(quantity: str) -> int:
    return int(quantity[:-2]) * MEBIBYTES[quantity[-2:]]


@every_role
def test_a_role_runs_as_a_user_without_other_rights(manifests: Manifests, role: str) -> None:
    pod, container = manifests.pod(role)["spec"], manifests.container(role)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] >= 10_000
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "serviceAccountName"} & pod.keys()


@every_role
def test_a_role_has_probes_for_its_start_its_readiness_and_its_life(manifests: Manifests, role: str) -> None:
    container = manifests.container(role)
    names = {port["name"] for port in container["ports"]}
    for kind, path in zip(("startupProbe", "readinessProbe", "livenessProbe"), PROBES[role], strict=True):
        probe = container[kind]
        how = probe["tcpSocket"] if path is None else probe["httpGet"]
        assert how["port"] in names
        assert how.get("path") == path


@every_role
def test_a_busy_process_is_not_restarted_within_a_minute(manifests: Manifests, role: str) -> None:
    liveness = manifests.container(role)["livenessProbe"]
    assert liveness["periodSeconds"] * liveness["failureThreshold"] >= 60


@every_role
def test_a_role_has_a_budget_that_lets_nodes_be_drained_one_by_one(manifests: Manifests, role: str) -> None:
    labels = labels_of(manifests.pod(role))
    (budget,) = (
        budget
        for budget in manifests.of_kind("PodDisruptionBudget")
        if selects(budget["spec"]["selector"]["matchLabels"], labels)
    )
    assert budget["spec"]["maxUnavailable"] == 1


def test_the_pods_of_a_role_are_spread_over_nodes(manifests: Manifests) -> None:
    replicas = {role: manifests.workload(role)["spec"]["replicas"] for role in WORKLOADS}
    assert replicas == {"nats": 3, "redis": 1, "service": 2, "admin": 1, "replicator": 2}
    (apart,) = manifests.pod("nats")["spec"]["affinity"]["podAntiAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert apart["topologyKey"] == "kubernetes.io/hostname"
    assert selects(apart["labelSelector"]["matchLabels"], labels_of(manifests.pod("nats")))
    for role in ("service", "replicator"):
        spread = {one["topologyKey"]: one for one in manifests.pod(role)["spec"]["topologySpreadConstraints"]}
        by_node = spread["kubernetes.io/hostname"]
        assert (by_node["whenUnsatisfiable"], by_node["nodeTaintsPolicy"]) == ("DoNotSchedule", "Honor")
        assert "topology.kubernetes.io/zone" in spread
        for one in spread.values():
            assert selects(one["labelSelector"]["matchLabels"], labels_of(manifests.pod(role)))


@pytest.mark.parametrize("role", [role for role, kind in WORKLOADS.items() if kind == "Deployment"])
def test_an_update_stops_a_pod_only_after_another_one_is_ready(manifests: Manifests, role: str) -> None:
    strategy = manifests.workload(role)["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


@every_role
def test_a_role_requests_processor_and_memory_and_has_a_memory_limit(manifests: Manifests, role: str) -> None:
    resources = manifests.container(role)["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert mebibytes(resources["requests"]["memory"]) <= mebibytes(resources["limits"]["memory"])


def test_redis_refuses_writes_before_its_memory_limit_even_while_it_rewrites_its_file(manifests: Manifests) -> None:
    container = manifests.container("redis")
    assert container["args"][-2:] == ["--maxmemory", "1gb"]
    assert mebibytes(container["resources"]["limits"]["memory"]) >= 2 * 1024


def test_nats_collects_garbage_before_it_is_killed(manifests: Manifests) -> None:
    container = manifests.container("nats")
    (told,) = (one["value"] for one in container["env"] if one["name"] == "GOMEMLIMIT")
    limit = mebibytes(container["resources"]["limits"]["memory"])
    assert 0.8 * limit <= int(told.removesuffix("MiB")) <= 0.95 * limit


@pytest.mark.parametrize("role", ["service", "admin"])
def test_a_service_drains_to_the_end(manifests: Manifests, role: str) -> None:
    container = manifests.container(role)
    (drain,) = (float(one["value"]) for one in container["env"] if one["name"] == "CROSSHOOK_DRAIN_SECONDS")
    before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert manifests.pod(role)["spec"]["terminationGracePeriodSeconds"] >= before + drain + 5 * ANSWER_SECONDS


def test_a_service_continues_until_no_new_connections_are_sent_to_it(manifests: Manifests) -> None:
    assert manifests.container("service")["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}


def test_nats_enters_lame_duck_mode_and_has_time_to_end(manifests: Manifests) -> None:
    command = manifests.container("nats")["lifecycle"]["preStop"]["exec"]["command"]
    assert command == ["nats-server", "--signal", "ldm=1"]
    assert manifests.pod("nats")["spec"]["terminationGracePeriodSeconds"] > 10 + 120

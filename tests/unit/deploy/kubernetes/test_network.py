"""Each role reaches what it needs and nothing else, and nothing else reaches it."""

import copy

import pytest

from tests.unit.deploy.kubernetes.reach import Edge, Party, Policies
from tests.unit.deploy.kubernetes.rendered import WORKLOADS, Manifest, Manifests, labels_of

HERE = "crosshook"
PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
OUTSIDE = [
    Party("a stranger", {}, HERE),
    Party("callers", {"app.kubernetes.io/name": "ingress-nginx"}, "ingress-nginx"),
    Party("prometheus", PROMETHEUS, "monitoring"),
    Party("its neighbour", {"app.kubernetes.io/name": "grafana"}, "monitoring"),
    Party("another prometheus", PROMETHEUS, "elsewhere"),
    Party("names", {"k8s-app": "kube-dns"}, "kube-system"),
    Party("its neighbour there", {"k8s-app": "metrics-server"}, "kube-system"),
    Party("names on the node", address="169.254.20.10"),
    Party("another region's replicator", address="203.0.113.20"),
    Party("another region's nats", address="198.51.100.20"),
    Party("the internet", address="192.0.2.1"),
    Party("the node's own data", address="169.254.169.254"),
]
TABLE = """
    service      nats                     TCP  4222
    service      redis                    TCP  6379
    admin        nats                     TCP  4222
    admin        redis                    TCP  6379
    replicator   nats                     TCP  4222
    replicator   redis                    TCP  6379
    replicator   another region's nats    TCP  4222
    nats         nats                     TCP  6222

    callers                       service      TCP  8080
    prometheus                    service      TCP  8080
    prometheus                    replicator   TCP  9080
    another region's replicator   nats         TCP  4222
"""
NAMES = {
    Edge(role, names, protocol, 53)
    for role in ("service", "admin", "replicator", "nats")
    for names in ("names", "names on the node")
    for protocol in ("TCP", "UDP")
}


def expected() -> set[Edge]:
    rows = [[cell.strip() for cell in row.strip().split("  ") if cell] for row in TABLE.splitlines() if row.strip()]
    return {Edge(source, target, protocol, int(port)) for source, target, protocol, port in rows} | NAMES


def edges(manifests: Manifests, policies: list[Manifest]) -> set[Edge]:
    inside = [Party(role, labels_of(manifests.pod(role)), HERE) for role in WORKLOADS]
    copies = [
        Party(f"a {party.name} elsewhere", party.labels, "elsewhere") for party in inside if party.name != "redis"
    ]
    open_ports = {port["containerPort"] for role in WORKLOADS for port in manifests.container(role)["ports"]}
    ports = [(protocol, port) for protocol in ("TCP", "UDP") for port in sorted(open_ports | {22, 53, 80, 443})]
    return Policies(policies, here=HERE).edges([*inside, *copies, *OUTSIDE], ports)


def test_exactly_the_connections_of_the_table_are_allowed(manifests: Manifests) -> None:
    assert edges(manifests, manifests.of_kind("NetworkPolicy")) == expected()


def test_a_missing_policy_is_noticed(manifests: Manifests) -> None:
    policies = manifests.of_kind("NetworkPolicy")
    for policy in policies:
        left = [other for other in policies if other is not policy]
        assert edges(manifests, left) != expected(), policy["metadata"]["name"]


def test_a_wider_range_is_noticed(manifests: Manifests) -> None:
    policies = copy.deepcopy(manifests.of_kind("NetworkPolicy"))
    (to_others,) = (policy for policy in policies if policy["metadata"]["name"] == "to-other-regions")
    to_others["spec"]["egress"][0]["to"] = [{"ipBlock": {"cidr": "0.0.0.0/0"}}]
    assert edges(manifests, policies) > expected()


def test_an_unknown_part_of_a_policy_is_an_error(manifests: Manifests) -> None:
    (policy, *_) = copy.deepcopy(manifests.of_kind("NetworkPolicy"))
    policy["spec"]["egress"] = [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}], "ports": []}]
    with pytest.raises(ValueError, match="except"):
        Policies([policy], here=HERE)

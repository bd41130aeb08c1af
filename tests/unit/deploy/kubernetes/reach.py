"""The connections that the network policies allow, computed as a cluster's network does.

Only the parts of the format that the policies use are known. Anything else is an error.
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, Literal, NamedTuple

import msgspec

_NAMESPACE_NAME = "kubernetes.io/metadata.name"


class Party(NamedTuple):
    """One end of a connection: a pod of a namespace, or an address outside of the cluster."""

    name: str
    labels: Mapping[str, str] = {}
    namespace: str = ""
    address: str = ""


class Edge(NamedTuple):
    """A connection that may be opened."""

    source: str
    target: str
    protocol: str
    port: int


class _Known(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Unknown members are errors."""


class Requirement(_Known):
    key: str
    operator: Literal["In"]
    values: list[str]


class Selector(_Known):
    match_labels: dict[str, str] = {}
    match_expressions: list[Requirement] = []

    def selects(self, labels: Mapping[str, str]) -> bool:
        """An empty selector selects everything."""
        return self.match_labels.items() <= labels.items() and all(
            labels.get(one.key) in one.values for one in self.match_expressions
        )


class Block(_Known):
    cidr: str


class Peer(_Known):
    pod_selector: Selector | None = None
    namespace_selector: Selector | None = None
    ip_block: Block | None = None

    def matches(self, party: Party, *, here: str) -> bool:
        """Without a selector of namespaces, a peer is a pod of the policy's own namespace, `here`."""
        if self.ip_block is not None:
            return bool(party.address) and ip_address(party.address) in ip_network(self.ip_block.cidr)
        if not party.namespace:
            return False
        if self.namespace_selector is None:
            is_in_place = party.namespace == here
        else:
            is_in_place = self.namespace_selector.selects({_NAMESPACE_NAME: party.namespace})
        return is_in_place and (self.pod_selector or Selector()).selects(party.labels)


class Port(_Known):
    protocol: Literal["TCP", "UDP"]
    port: int


class Ingress(_Known):
    ports: list[Port]
    from_: list[Peer] = msgspec.field(name="from")

    @property
    def peers(self) -> list[Peer]:
        return self.from_


class Egress(_Known):
    ports: list[Port]
    to: list[Peer]

    @property
    def peers(self) -> list[Peer]:
        return self.to


class Policy(_Known):
    pod_selector: Selector
    policy_types: list[Literal["Ingress", "Egress"]]
    ingress: list[Ingress] = []
    egress: list[Egress] = []


class Policies:
    """The policies of one namespace, `here`."""

    def __init__(self, manifests: Iterable[Mapping[str, Any]], *, here: str) -> None:
        self._policies = [msgspec.convert(manifest["spec"], Policy) for manifest in manifests]
        self._here = here

    def edges(self, parties: Sequence[Party], ports: Iterable[tuple[str, int]]) -> set[Edge]:
        """Every allowed connection between two of the parties, of which one is a pod of the namespace."""
        return {
            Edge(source.name, target.name, protocol, port)
            for protocol, port in ports
            for source in parties
            for target in parties
            if self._here in (source.namespace, target.namespace)
            and self._lets(source, target, "Egress", Port(protocol=protocol, port=port))  # type: ignore[arg-type]
            and self._lets(target, source, "Ingress", Port(protocol=protocol, port=port))  # type: ignore[arg-type]
        }

    def _lets(self, party: Party, other: Party, direction: Literal["Ingress", "Egress"], port: Port) -> bool:
        """Whether `party` may. If no policy selects it, it may. Otherwise one of its policies must allow it."""
        if party.namespace != self._here:
            return True
        about = [
            policy
            for policy in self._policies
            if direction in policy.policy_types and policy.pod_selector.selects(party.labels)
        ]
        if not about:
            return True
        rules: list[Ingress | Egress] = [
            rule for policy in about for rule in (policy.ingress if direction == "Ingress" else policy.egress)
        ]
        return any(port in rule.ports and any(p.matches(other, here=self._here) for p in rule.peers) for rule in rules)

"""The addresses and topology files with which the regions of one machine reach one another."""

from collections.abc import Mapping, Sequence

from deploy.local.network.ports import LOCALHOST


def nats_url(port: int) -> str:
    """The address of a NATS server, or of a link to one."""
    return f"nats://{LOCALHOST}:{port}"


def redis_url(port: int) -> str:
    """The address of a Redis server."""
    return f"redis://{LOCALHOST}:{port}/0"


def topology_text(*, nats_ports: Mapping[str, Sequence[int]], redis_ports: Mapping[str, int]) -> str:
    """The regions in the order given, each with the ports by which one region reaches it.

    If a region has several NATS servers, each of its logs is on all of them.
    """
    return "\n".join(
        _region_text(region, nats_ports=ports, redis_port=redis_ports[region]) for region, ports in nats_ports.items()
    )


def _region_text(region: str, *, nats_ports: Sequence[int], redis_port: int) -> str:
    addresses = ", ".join(f'"{nats_url(port)}"' for port in nats_ports)
    replicas = f"replicas = {len(nats_ports)}\n" if len(nats_ports) > 1 else ""
    return f'[regions.{region}]\nnats = [{addresses}]\nredis = "{redis_url(redis_port)}"\n{replicas}'

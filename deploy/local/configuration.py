"""How the regions of one machine reach one another: their addresses and topology files."""

from collections.abc import Mapping

from deploy.local.ports import LOCALHOST


def nats_url(port: int) -> str:
    """Where a NATS server or a link to one listens."""
    return f"nats://{LOCALHOST}:{port}"


def redis_url(port: int) -> str:
    """Where a Redis server listens."""
    return f"redis://{LOCALHOST}:{port}/0"


def topology_text(*, nats_ports: Mapping[str, int], redis_ports: Mapping[str, int]) -> str:
    """The regions in the order given, each with the ports by which one region reaches it."""
    return "\n".join(
        f'[regions.{region}]\nnats = ["{nats_url(port)}"]\nredis = "{redis_url(redis_ports[region])}"\n'
        for region, port in nats_ports.items()
    )

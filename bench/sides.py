"""What is compared with what."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from bench.regions import TREE

UNRECORDED = Path(__file__).parent / "unrecorded"
"""First on the path of processes that are to record nothing. See what is in it."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A tree of this program, whether its processes record what they do, and how many NATS servers its regions have."""

    name: str
    tree: Path = TREE
    has_metrics: bool = True
    has_lines: bool = True
    nats_servers: int = 1

    def variables(self) -> Mapping[str, str]:
        """What its processes' environment has besides."""
        path = [str(self.tree)] if self.has_metrics else [str(UNRECORDED), str(self.tree)]
        return {"PYTHONPATH": os.pathsep.join(path), "CROSSHOOK_LOG_LEVEL": "info" if self.has_lines else "warning"}

    def options(self) -> Sequence[str]:
        """What its `crosshook up` is told besides. Another tree may not know of it."""
        return [] if self.nats_servers == 1 else ["--nats-servers", str(self.nats_servers)]


RECORDING = (
    Side(name="without", has_metrics=False, has_lines=False),
    Side(name="metrics", has_lines=False),
    Side(name="metrics and lines"),
)
"""What recording costs is how the others are to the first."""

SERVERS = (Side(name="one NATS server"), Side(name="three NATS servers", nats_servers=3))
"""What it costs to keep each log on three servers."""


def trees(against: Path) -> tuple[Side, Side]:
    """Another tree, and this one."""
    return Side(name=str(against), tree=against), Side(name="this tree")

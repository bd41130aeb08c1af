"""The servers of a measured region, with the login of one of its processes."""

import tomllib
from pathlib import Path

from bench.regions import Regions
from core.positions import Region
from core.topology import RegionConfig, parse_topology
from runtime.credentials import read_credentials

SERVICE, REPLICATOR = "service", "replicator"
"""Whose login it is: the replicator's may write in Redis."""


def servers_of(regions: Regions, region: str, *, login: str = SERVICE) -> RegionConfig:
    """The addresses of the region's NATS and Redis, without a link in between."""
    here = Region(region)
    topology = next(found.topology for found in regions.status.regions if found.name == region)
    parsed = parse_topology(tomllib.loads(Path(topology).read_text(encoding="utf-8")), here=here)
    credentials = read_credentials(Path(regions.status.data) / region / f"{login}.toml")
    return credentials.into(parsed).regions[here]

"""Several regions on one machine, with the links between them, for `crosshook up` and the tests."""

from deploy.local.errors import LocalError, ProcessDied
from deploy.local.network.geography import RoundTrips, plausible_round_trips, region_names, uniform_round_trips
from deploy.local.processes.http_process import HttpProcess
from deploy.local.processes.server_process import ServerProcess
from deploy.local.region import LocalRegion
from deploy.local.regions import LocalRegions
from deploy.local.starting import local_regions

__all__ = [
    "HttpProcess",
    "LocalError",
    "LocalRegion",
    "LocalRegions",
    "ProcessDied",
    "RoundTrips",
    "ServerProcess",
    "local_regions",
    "plausible_round_trips",
    "region_names",
    "uniform_round_trips",
]

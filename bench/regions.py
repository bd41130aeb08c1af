"""The measured regions: a `crosshook up` in its own process, so that callers and links do not share an event loop."""

import itertools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.api import ORGANIZATION
from bench.errors import Unmeasured
from bench.programs import running
from cli.admin_api import AdminApi, Wait
from cli.admin_errors import AdminError
from cli.service_call import parse_service_url
from deploy.local.control.client import ask
from deploy.local.control.messages import AskStatus, CutRegion, Done, HealRegion, Request, Status
from deploy.local.errors import LocalError
from deploy.local.network.ports import Ports

TREE = Path(__file__).parents[1]
"""The worktree of this module."""

SERVICE, REPLICATOR, REDIS, NATS = "service", "replicator", "Redis", "NATS"
"""The kinds of processes."""

WITHOUT_DELAYS = ("--rtt", "0")
"""The option of `crosshook up` for links without delays."""

_number = itertools.count(1)


class Regions:
    """Running regions, and the control of the links between them."""

    def __init__(self, name: str, status: Status, *, api_key: str) -> None:
        self._name = name
        self.status = status
        self.api_key = api_key
        """The API key of the measured organization, valid in every region."""
        self.names = tuple(region.name for region in status.regions)

    def url(self, region: str) -> str:
        """The address of the region's service."""
        return next(found.services[0].url for found in self.status.regions if found.name == region)

    def service_pids(self) -> list[int]:
        """The services' process ids at the start. A restarted service has another one."""
        return [process.pid for region in self.status.regions for process in region.services]

    def pids(self) -> list[int]:
        """The process ids of every region, servers included, without the links between the regions."""
        return [pid for pids in self.pids_by_kind().values() for pid in pids]

    def pids_by_kind(self) -> dict[str, list[int]]:
        """The same, for each kind of process."""
        regions = self.status.regions
        return {
            SERVICE: self.service_pids(),
            REPLICATOR: [process.pid for region in regions for process in region.replicators],
            REDIS: [region.redis.pid for region in regions],
            NATS: [process.pid for region in regions for process in region.nats],
        }

    def farthest(self, region: str) -> tuple[str, float]:
        """The region with the longest round trip, and that round trip in milliseconds."""
        others = {
            trip.b if trip.a == region else trip.a: trip.milliseconds
            for trip in self.status.round_trips
            if region in (trip.a, trip.b)
        }
        name = max(others, key=others.__getitem__)
        return name, others[name]

    def cut(self, region: str) -> None:
        """Cut `region` off from all others."""
        self._do(CutRegion(region))

    def heal(self, region: str) -> None:
        """Undo the cut."""
        self._do(HealRegion(region))

    def _do(self, request: Request) -> None:
        answer = ask(self._name, request)
        if not isinstance(answer, Done):
            raise Unmeasured(f"`crosshook up` refused the request: {answer}")


@contextmanager
def running_regions(
    *, count: int, options: Sequence[str], tree: Path = TREE, settings: Mapping[str, str] | None = None
) -> Iterator[Regions]:
    """Start regions of the build in `tree` with these `options` of `crosshook up`, and end them afterwards.

    `settings` are environment variables of their processes.

    Raises `Unmeasured` unless they become ready in time.
    """
    name = f"bench-{os.getpid()}-{next(_number)}"
    command = [
        *(sys.executable, "-m", "cli", "up", "--name", name),
        *("--regions", str(count), "--http-port", str(free_ports(count)), *options),
    ]

    def status() -> Status | None:
        try:
            answer = ask(name, AskStatus())
        except LocalError:
            return None  # `crosshook up` does not listen yet.
        return answer if isinstance(answer, Status) else None

    environment = {**os.environ, **(settings or {}), "PYTHONPATH": str(tree)}
    with running(command, what="a region", directory=tree, environment=environment, ready=status) as (found, _):
        yield Regions(name, found, api_key=_api_key(found))


def _api_key(status: Status) -> str:
    service = parse_service_url(status.regions[0].services[0].url)
    try:
        return AdminApi(service, admin_key=status.admin_key).issue(ORGANIZATION, Wait(), name="bench").key
    except AdminError as error:
        raise Unmeasured(str(error)) from error


def free_ports(count: int) -> int:
    """The first of `count` free ports in sequence."""
    ports = Ports()
    try:
        return ports.claim_row(count)
    except LocalError as error:
        raise Unmeasured(str(error)) from error
    finally:
        ports.close()


def counted(regions: int) -> str:
    """The number of regions, in words."""
    return "1 region" if regions == 1 else f"{regions} regions"

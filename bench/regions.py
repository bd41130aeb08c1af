"""The regions that are measured: a `crosshook up` of their own, so that callers and links do not share a loop."""

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.api import ORGANIZATION
from bench.errors import Unmeasured
from cli.admin_api import AdminApi, Wait
from cli.admin_errors import AdminError
from cli.service_call import parse_service_url
from deploy.local.control.client import ask
from deploy.local.control.messages import AskStatus, CutRegion, Done, HealRegion, Request, Status
from deploy.local.errors import LocalError
from deploy.local.network.ports import Ports
from deploy.local.processes.spawning import spawn

TREE = Path(__file__).parents[1]
"""The tree of this program that this is part of."""

READY_SECONDS_MAX = 60.0
END_SECONDS_MAX = 30.0
_POLL_SECONDS = 0.05
_OUTPUT_SHOWN = 2_000
_number = itertools.count(1)


class Regions:
    """Regions that run, and the control over the links between them."""

    def __init__(self, name: str, status: Status, *, api_key: str) -> None:
        self._name = name
        self.status = status
        self.api_key = api_key
        """With which the measured organization is let in everywhere."""
        self.names = tuple(region.name for region in status.regions)

    def url(self, region: str) -> str:
        """Where the region's service is."""
        return next(found.services[0].url for found in self.status.regions if found.name == region)

    def processes(self) -> list[str]:
        """The addresses of every service and replicator."""
        return [process.url for region in self.status.regions for process in (*region.services, *region.replicators)]

    def service_pids(self) -> list[int]:
        """The services' process ids, as they were at the start: what was started again since has another."""
        return [process.pid for region in self.status.regions for process in region.services]

    def pids(self) -> list[int]:
        """Of every process of every region, its servers among them, and not of the links between the regions."""
        others = [
            process.pid
            for region in self.status.regions
            for process in (*region.nats, region.redis, *region.replicators)
        ]
        return [*self.service_pids(), *others]

    def logs(self) -> list[Path]:
        """The services' logs."""
        return [log for name in self.names for log in (Path(self.status.data) / name / "logs").glob("service-*.log")]

    def farthest(self, region: str) -> tuple[str, float]:
        """The region farthest from this one, and the round trip to it in milliseconds."""
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
            raise Unmeasured(f"the regions did not do what they were asked to: {answer}")


@contextmanager
def running_regions(
    *, count: int, options: Sequence[str], tree: Path = TREE, variables: Mapping[str, str] | None = None
) -> Iterator[Regions]:
    """Regions that are ready, of the program in `tree`, with `options` of `crosshook up` and these `variables`.

    Raises `Unmeasured` if they do not become so.
    """
    name = f"bench-{os.getpid()}-{next(_number)}"
    command = [
        *(sys.executable, "-m", "cli", "up", "--name", name),
        *("--regions", str(count), "--http-port", str(_free_ports(count)), *options),
    ]
    with tempfile.TemporaryDirectory(prefix="crosshook-bench-") as directory:
        output = Path(directory) / "output"
        environment = {**os.environ, "PYTHONPATH": str(tree), **(variables or {})}
        process = spawn(command, directory=tree, environment=environment, log=output)
        try:
            status = _ready(name, process, output)
            yield Regions(name, status, api_key=_api_key(status))
        finally:
            _end(process)


def _ready(name: str, process: subprocess.Popen[bytes], output: Path) -> Status:
    until = time.monotonic() + READY_SECONDS_MAX
    while process.poll() is None and time.monotonic() < until:
        try:
            answer = ask(name, AskStatus())
        except LocalError:
            answer = None  # It does not listen yet.
        if isinstance(answer, Status):
            return answer
        time.sleep(_POLL_SECONDS)
    said = output.read_text(encoding="utf-8", errors="replace")[-_OUTPUT_SHOWN:]
    raise Unmeasured(f"the regions did not become ready; they said:\n{said}")


def _api_key(status: Status) -> str:
    service = parse_service_url(status.regions[0].services[0].url)
    try:
        return AdminApi(service, admin_key=status.admin_key).issue(ORGANIZATION, Wait(), name="bench").key
    except AdminError as error:
        raise Unmeasured(str(error)) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports(count: int) -> int:
    """The first of `count` free ports in a row."""
    ports = Ports()
    try:
        return ports.claim_row(count)
    except LocalError as error:
        raise Unmeasured(str(error)) from error
    finally:
        ports.close()

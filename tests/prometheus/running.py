"""A Prometheus for one test, with the repository's configuration."""

import asyncio
import math
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from deploy.local import LocalRegions
from deploy.local.control.status import status_of
from deploy.local.network.ports import LOCALHOST, Ports
from deploy.prometheus.targets import targets_of, write_targets
from tests.contract.calls import until
from tests.http_client import http_client
from tests.rules import ROOT

_CONFIGURATION = ROOT / "deploy" / "prometheus"
_END_SECONDS_MAX = 10
_SHORT_SECONDS = 1


class Sample(msgspec.Struct):
    """A series and its value now. What Prometheus writes as text is a number, NaN included."""

    metric: dict[str, str]
    value: tuple[float, str]

    @property
    def number(self) -> float:
        return float(self.value[1])


class Alert(msgspec.Struct):
    """A pending or firing alert."""

    labels: dict[str, str]
    state: str


class LoadedRule(msgspec.Struct):
    """A rule as Prometheus loaded it."""

    name: str
    type: str
    health: str
    state: str = ""
    duration: float = 0
    last_evaluation: str = msgspec.field(default="", name="lastEvaluation")


class LoadedGroup(msgspec.Struct):
    """A group as Prometheus loaded it."""

    rules: list[LoadedRule]


class Data(msgspec.Struct):
    """The data of an answer. Only the requested member is set."""

    result: list[Sample] = []
    alerts: list[Alert] = []
    groups: list[LoadedGroup] = []


class Answer(msgspec.Struct):
    """The answer of the HTTP API."""

    status: str
    data: Data = msgspec.field(default_factory=Data)
    error: str = ""


class Values(msgspec.Struct):
    """The answer of the HTTP API about a label."""

    status: str
    data: list[str] = []


class Prometheus:
    """A running Prometheus and its HTTP API."""

    def __init__(self, *, process: asyncio.subprocess.Process, directory: Path, client: httpx.AsyncClient) -> None:
        self._process = process
        self._directory = directory
        self._client = client

    async def query(self, expression: str) -> list[Sample]:
        """The present value of `expression`."""
        return (await self._ask("query", {"query": expression})).result

    async def has_data(self, expression: str) -> bool:
        """Whether there is at least one number. NaN, the quantile of nothing, is none."""
        return any(not math.isnan(sample.number) for sample in await self.query(expression))

    async def label_values(self, series: str, label: str) -> list[str]:
        """All values of `label` in `series`."""
        told = await self._client.get(f"/api/v1/label/{label}/values", params={"match[]": series})
        answer = msgspec.json.decode(told.content, type=Values)
        assert answer.status == "success", told.text
        return answer.data

    async def alerts(self) -> list[Alert]:
        """All pending and firing alerts."""
        return (await self._ask("alerts")).alerts

    async def rules(self) -> list[LoadedRule]:
        """All loaded rules, of both kinds."""
        return [rule for group in (await self._ask("rules")).groups for rule in group.rules]

    async def is_ready(self) -> bool:
        assert self._process.returncode is None, (self._directory / "prometheus.log").read_text()
        try:
            return (await self._client.get("/-/ready")).is_success
        except httpx.TransportError:
            return False

    def let_no_alert_wait(self) -> None:
        """From now on an alert fires after one second."""
        alerts = self._directory / "rules" / "alerts.yml"
        alerts.write_text(re.sub(r"for: \w+", f"for: {_SHORT_SECONDS}s", alerts.read_text()))
        self._process.send_signal(signal.SIGHUP)

    async def lets_no_alert_wait(self) -> bool:
        """Whether `let_no_alert_wait` holds by now."""
        return {rule.duration for rule in await self.rules() if rule.type == "alerting"} == {_SHORT_SECONDS}

    async def evaluated_again(self) -> None:
        """Return once every rule has been evaluated once more from now on."""
        before = await self._evaluations()

        async def is_done() -> bool:
            return not before & await self._evaluations()

        await until(is_done, seconds=30)

    async def _evaluations(self) -> set[tuple[str, str]]:
        return {(rule.name, rule.last_evaluation) for rule in await self.rules()}

    async def _ask(self, what: str, parameters: dict[str, str] | None = None) -> Data:
        told = await self._client.get(f"/api/v1/{what}", params=parameters)
        answer = msgspec.json.decode(told.content, type=Answer)
        assert answer.status == "success", f"{answer.error}: {parameters}"
        return answer.data


@asynccontextmanager
async def prometheus_of(demo: LocalRegions, *, program: Path, directory: Path) -> AsyncIterator[Prometheus]:
    """A ready Prometheus that scrapes `demo` every second. The rest is as in deploy/prometheus."""
    shutil.copytree(_CONFIGURATION / "rules", directory / "rules")
    text = (_CONFIGURATION / "prometheus.yml").read_text()
    faster, changes = re.subn(r"(scrape_interval|scrape_timeout|evaluation_interval): \w+", r"\1: 1s", text)
    assert changes == 3
    (directory / "prometheus.yml").write_text(faster)
    write_targets(directory / "targets", targets_of(status_of(demo).regions))
    ports = Ports()
    address = f"{LOCALHOST}:{ports.claim_any()}"
    with (directory / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program,
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={address}",
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        async with http_client(f"http://{address}") as client:
            prometheus = Prometheus(process=process, directory=directory, client=client)
            await until(prometheus.is_ready, seconds=30)
            yield prometheus
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(_END_SECONDS_MAX):
            await process.wait()
        ports.close()

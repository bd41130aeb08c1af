"""The regions of docker-compose.yml, started from nothing, beside everything else on this machine."""

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from core.positions import Region
from deploy.local.network.ports import LOCALHOST, Ports
from deploy.logins import Logins
from tests.containers.commands import Outcome, docker, inspect, run, succeed
from tests.containers.images import images_here
from tests.e2e.callers import ORGANIZATION, ORGANIZATIONS, Caller, calling
from tests.engine import compose_command
from tests.keys import Keys, issue_keys

REGIONS = (Region("us-iowa"), Region("europe-belgium"), Region("asia-japan"))
SERVICES = [f"{region}-service-{number}" for region in REGIONS for number in (1, 2)]
REPLICATORS = [f"{region}-replicator-{number}" for region in REGIONS for number in (1, 2)]
LINKS = [f"{region}-link" for region in REGIONS]
SERVERS = [f"{region}-{server}" for region in REGIONS for server in ("nats", "redis")]
RUNNING = [*SERVERS, *LINKS, *REPLICATORS, *SERVICES, "prometheus"]
RUN_ONCE = ["init", "guide"]

BUILD_SECONDS_MAX = 240.0
UP_SECONDS_MAX = 240.0
"""The time until everything is ready, on a busy machine with two cores."""
READY_SECONDS_MAX = 90.0
ONE_SERVER = ("docker-compose.yml",)
THREE_SERVERS = (*ONE_SERVER, "deploy/nats/three.yml")
ADDED_SERVERS = [f"{region}-nats-{number}" for region in REGIONS for number in (2, 3)]
"""The additional containers with three NATS servers in each region."""

_POLL_SECONDS = 0.2

_CLEAR_LINE = "\x1b[2K"
"""The control characters at the start of each log line of Compose 2.26."""

_READ_FILES = """
import json, pathlib
root = pathlib.Path("/volumes")
print(json.dumps({str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}))
"""


_AS_DOCKER_COMPOSE = """
docker() {
    if [ "$1" != compose ]; then
        command docker "$@"
        return
    fi
    shift
    case "$* " in
        *" -T "*) ;;
        "exec "* | "run "*) set -- "$1" -T "${@:2}" ;;
    esac
    command COMPOSE "$@"
}
"""
"""`docker compose` in lines to paste: whichever Compose there is, for a project of another name, with no terminal."""


class Composed:
    """A project of the repository's own Compose file. No other project uses its name, ports and image."""

    def __init__(self, name: str, ports: Ports, *, files: Sequence[str] = ONE_SERVER, image: str = "") -> None:
        self.name = name
        self.image = image or name
        self.files_of_compose = files
        self.running = [*RUNNING, *(ADDED_SERVERS if files == THREE_SERVERS else [])]
        self.urls = {service: f"http://{LOCALHOST}:{ports.claim_any()}" for service in SERVICES}
        self.prometheus_url = f"http://{LOCALHOST}:{ports.claim_any()}"

    @property
    def _environment(self) -> Mapping[str, str]:
        """The variables for Compose: image, ports, and others that it would take from a developer's `.env`."""
        published = {
            f"{region.upper().replace('-', '_')}{name}_PORT": self.urls[f"{region}-service-{number}"]
            for region in REGIONS
            for number, name in ((1, ""), (2, "_ADMIN"))
        }
        published["PROMETHEUS_PORT"] = self.prometheus_url
        ports = {name: url.rpartition(":")[2] for name, url in published.items()}
        told = {"COMPOSE_FILE": os.pathsep.join(self.files_of_compose), "COMPOSE_PROFILES": "", "RTT": ""}
        return {**images_here(), **told, "CROSSHOOK_LOG_LEVEL": "info", "CROSSHOOK_IMAGE": self.image, **ports}

    async def compose(self, *arguments: str, within_seconds: float = 60) -> str:
        """The output of Compose about the project. Compose must not fail."""
        return await succeed(
            *compose_command(),
            "--project-name",
            self.name,
            *arguments,
            environment=self._environment,
            within_seconds=within_seconds,
        )

    async def paste(self, lines: str, *, within_seconds: float = READY_SECONDS_MAX) -> Outcome:
        """The outcome of shell lines from the README or the guide, run for this project."""
        for (number, tens), region in itertools.product(((1, 8), (2, 9)), REGIONS):
            port = f"80{tens}{REGIONS.index(region) + 1}"
            lines = lines.replace(f"localhost:{port}", self.urls[f"{region}-service-{number}"].removeprefix("http://"))
        command = " ".join([*compose_command(), "--project-name", self.name])
        shell = _AS_DOCKER_COMPOSE.replace("COMPOSE", command) + lines
        outcome = await run("bash", "-c", shell, environment=self._environment, within_seconds=within_seconds)
        return outcome._replace(out=outcome.out.replace(_CLEAR_LINE, ""))

    async def build(self) -> None:
        """Build the image."""
        await self.compose("build", "init", within_seconds=BUILD_SECONDS_MAX)

    async def up(self) -> float:
        """Start all that does not run, and return the seconds until everything is ready."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await self.compose("up", "-d", within_seconds=UP_SECONDS_MAX)
        await self.ready(self.running)
        await self._ended(RUN_ONCE)
        return loop.time() - begin

    async def down(self) -> None:
        """Remove everything, with all data and secrets, and with the volumes of three servers."""
        every = [f"--file={name}" for name in THREE_SERVERS]
        await self.compose(*every, "down", "--volumes", "--remove-orphans", within_seconds=UP_SECONDS_MAX)

    async def down_but_for_volumes(self) -> None:
        """Remove everything but the data and the secrets."""
        await self.compose("down", within_seconds=UP_SECONDS_MAX)

    async def remove_image(self) -> None:
        """Remove the image, if it was built."""
        await run("docker", "image", "rm", "--no-prune", self.image)

    async def there_is(self, kind: str, *options: str) -> list[str]:
        """The containers, networks or volumes of the project, by their ids or names."""
        label = f"label=com.docker.compose.project={self.name}"
        return (await docker(kind, "ls", "--quiet", "--filter", label, *options)).split()

    async def container(self, service: str) -> str:
        """The id of a service's container."""
        (found,) = await self.there_is("container", "--all", "--filter", f"label=com.docker.compose.service={service}")
        return found

    async def states(self) -> Mapping[str, dict[str, Any]]:
        """Service -> the engine's description of its container, running or not."""
        found = await inspect("container", *await self.there_is("container", "--all"))
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    async def network(self, name: str) -> dict[str, Any]:
        """The engine's description of one of the project's networks."""
        found = await inspect("network", *await self.there_is("network"))
        return next(one for one in found if one["Labels"]["com.docker.compose.network"] == name)

    async def execute(self, service: str, *command: str, given: bytes = b"", within_seconds: float = 30) -> Outcome:
        """The outcome of a command in a container, as the container's user."""
        container = await self.container(service)
        return await run("docker", "exec", "-i", container, *command, given=given, within_seconds=within_seconds)

    async def ready(self, services: Iterable[str], *, within_seconds: float = READY_SECONDS_MAX) -> None:
        """Return once all of them are ready, by the engine's own health check."""
        async with asyncio.TaskGroup() as group:
            for service in services:
                group.create_task(self._ready(service, within_seconds))

    async def _ready(self, service: str, within_seconds: float) -> None:
        (container,) = await inspect("container", await self.container(service))
        form, *check = container["Config"]["Healthcheck"]["Test"]
        command = ("sh", "-c", *check) if form == "CMD-SHELL" else check
        outcome: Outcome | None = None
        try:
            async with asyncio.timeout(within_seconds):
                while (outcome := await run("docker", "exec", container["Id"], *command)).code != 0:
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            logs = await self.compose("logs", "--tail", "30", service)
            raise AssertionError(f"{service} is not ready within {within_seconds:g} s: {outcome}\n{logs}") from None

    async def _ended(self, services: Iterable[str]) -> None:
        async with asyncio.timeout(READY_SECONDS_MAX):
            for name in services:
                while (state := (await self.states())[name]["State"])["Status"] != "exited":
                    await asyncio.sleep(_POLL_SECONDS)
                assert state["ExitCode"] == 0, await self.compose("logs", name)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Nothing of it runs. The engine's checks of twenty containers alone take a third of a core.

        What runs once has ended before: it has no check to tell that it runs again.
        """
        states = await self.states()
        running = [name for name in self.running if name in states and states[name]["State"]["Running"]]
        if not running:
            yield
            return
        await self._ended(RUN_ONCE)
        await self.compose("pause", *running)
        try:
            yield
        finally:
            await self.compose("unpause", *running)
            await self.ready(running)

    async def mend(self) -> None:
        """Return once everything runs again, is ready, and no link is cut."""
        stopped = [name for name, state in (await self.states()).items() if not state["State"]["Running"]]
        if to_start := [name for name in self.running if name in stopped]:
            await self.compose("start", *to_start)
            await self.ready(to_start)
        async with asyncio.TaskGroup() as group:
            for region, link in zip(REGIONS, LINKS, strict=True):
                group.create_task(self.execute(link, "crosshook", "link", "heal", region))

    async def files(self) -> Mapping[str, str]:
        """The content of every file in the containers' volumes, by volume and name: `vault/logins.json`.

        Only the engine's owner can read all of them, in a container of its own.
        """
        found = await inspect("volume", *await self.there_is("volume"))
        volumes = {one["Labels"]["com.docker.compose.volume"]: one["Name"] for one in found}
        mounts = [f"--volume={name}:/volumes/{short}:ro" for short, name in volumes.items() if "-data" not in short]
        locked = ["--rm", "--network=none", "--read-only", "--user=0:0", "--cap-drop=ALL", "--cap-add=DAC_OVERRIDE"]
        printed = await docker("run", *locked, *mounts, "--entrypoint=python", self.image, "-c", _READ_FILES)
        text: dict[str, str] = json.loads(printed)
        return text

    async def put(self, volume: str, name: str, text: str) -> None:
        """Write another content to a file in a container's volume."""
        found = await inspect("volume", *await self.there_is("volume"))
        mounted = next(one["Name"] for one in found if one["Labels"]["com.docker.compose.volume"] == volume)
        locked = ["--rm", "--network=none", "--read-only", "--user=0:0", "--cap-drop=ALL", "--cap-add=DAC_OVERRIDE"]
        write = ("--interactive", "--entrypoint=sh", self.image, "-c", f"cat > /volume/{name}")
        await docker("run", *locked, f"--volume={mounted}:/volume", *write, given=text.encode())

    async def logins(self) -> Logins:
        """Every user's password."""
        return msgspec.json.decode((await self.files())["vault/logins.json"], type=Logins)

    async def keys(self) -> Keys:
        """A new API key for each organization, which every region knows."""
        admin_key = (await self.files())["admin/admin-key"]
        return await issue_keys(self.urls["us-iowa-service-2"], admin_key, {ORGANIZATION, *ORGANIZATIONS})

    @asynccontextmanager
    async def callers(self, keys: Keys) -> AsyncIterator[Mapping[str, Caller]]:
        """Region -> a caller of its first service."""
        async with (
            calling(self.urls["us-iowa-service-1"], keys) as iowa,
            calling(self.urls["europe-belgium-service-1"], keys) as belgium,
            calling(self.urls["asia-japan-service-1"], keys) as japan,
        ):
            yield dict(zip(REGIONS, (iowa, belgium, japan), strict=True))

"""Servers of other versions than the wheels carry: the same local regions, but NATS and Redis are containers."""

import asyncio
import functools
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from testcontainers.core.container import DockerContainer

from adapters.server_patches import Kind, Server
from deploy.local import ServerProcess, region, starting
from deploy.local.processes import nats_servers
from deploy.local.processes.children import STOP_SECONDS_MAX
from deploy.local.processes.servers import Program, Servers
from tests.containers.images import image_here
from tests.containers.leftovers import LABEL, a_run


class Versions(NamedTuple):
    """Images of a NATS and of a Redis, by the variables that name them."""

    nats: str
    redis: str


MATRIX = [
    Versions(nats="NATS_IMAGE", redis="REDIS_IMAGE"),
]
"""The versions to try. All other tests use the versions of the wheels."""


class ContainerServer(ServerProcess):
    """A server in a container with this machine's network and the region's directory, and nothing else of the machine.

    So it listens on 127.0.0.1 with the same configuration as a local server.
    """

    def __init__(self, *, image: str, label: str, containers: ExitStack, **told: Any) -> None:  # noqa: ANN401 - whatever a server is told
        super().__init__(**told)
        self._containers = containers
        self._is_begun = False
        self._server = (
            DockerContainer(image)
            .with_volume_mapping(self.directory, str(self.directory), "rw")
            .with_kwargs(
                entrypoint=list(self.command),
                labels={LABEL: label},
                network="host",
                user=f"{os.getuid()}:{os.getgid()}",
                working_dir=str(self.directory),
                cap_drop=["ALL"],
                read_only=True,
            )
        )

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended. A paused one runs."""
        if not self._is_begun:
            return False
        self._server.reload()
        return self._server.status in {"running", "paused"}

    @property
    def return_code(self) -> int | None:
        """Its exit code; None while it runs or was never started."""
        if not self._is_begun or self.is_running:
            return None
        return int(self._server.get_wrapped_container().attrs["State"]["ExitCode"])

    async def start(self) -> None:
        """Start it, unless it runs."""
        if not self._is_begun:
            self._containers.callback(self._server.stop)
            await asyncio.to_thread(self._server.start)
            self._is_begun = True
        elif not self.is_running:
            await asyncio.to_thread(self._server.get_wrapped_container().start)

    async def stop(self, *, within_seconds: float = STOP_SECONDS_MAX) -> None:
        """Ask it to end. The engine kills it at the time limit."""
        if self.is_running:
            self.resume()
            await asyncio.to_thread(self._server.get_wrapped_container().stop, timeout=int(within_seconds))

    def kill_now(self) -> None:
        """End it at once."""
        if self.is_running:
            self._server.get_wrapped_container().kill()

    def pause(self) -> None:
        """Pause it. Its connections stay open."""
        if self.is_running:
            self._server.get_wrapped_container().pause()

    def resume(self) -> None:
        """Let it continue after a pause."""
        if self._is_begun:
            self._server.reload()
            if self._server.status == "paused":
                self._server.get_wrapped_container().unpause()

    def log_tail(self, *, lines_max: int = 20) -> str:
        """The last lines that it wrote."""
        if not self._is_begun:
            return ""
        return str(self._server.get_wrapped_container().logs(tail=lines_max).decode(errors="replace"))


@contextmanager
def servers_of(versions: Versions) -> Iterator[Servers]:
    """Regions that start in this context have these servers. At the end no container is left.

    Its containers belong to a run of their own, so that another worker than that of the Compose file may call it.
    """
    servers = Servers(
        nats=_program(image_here(versions.nats), "nats-server", Kind.NATS),
        redis=_program(image_here(versions.redis), "redis-server", Kind.REDIS),
    )
    with a_run() as label, ExitStack() as containers, pytest.MonkeyPatch.context() as patch:
        for module, variable in ((region, versions.redis), (nats_servers, versions.nats)):
            image = image_here(variable)
            server = functools.partial(ContainerServer, image=image, label=label, containers=containers)
            patch.setattr(module, "ServerProcess", server)
        patch.setattr(starting, "find_servers", lambda: servers)
        # A container that removes others would need one more image. The next run removes what is left here.
        patch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
        yield servers


def _program(image: str, name: str, kind: Kind) -> Program:
    """A program in an image, with the version that it reported."""
    command = ("docker", "run", "--rm", "--network=none", f"--entrypoint={name}", image, "--version")
    said = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True).stdout  # noqa: S603 - our words
    found = re.search(r"v=?(\d+)\.(\d+)\.(\d+)", said)
    assert found is not None, said
    major, minor, patch = map(int, found.groups())
    return Program(path=Path(name), server=Server(kind, (major, minor, patch)))

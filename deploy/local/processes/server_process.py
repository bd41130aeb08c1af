"""A NATS or Redis server. Its files can be copied, put back and erased while it is stopped."""

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.errors import NotReloaded, StillRunning
from deploy.local.private import make_private
from deploy.local.processes.children import ManagedProcess
from deploy.local.processes.probes import Probe

_RELOADED, _NOT_RELOADED = b"Reloaded server configuration", b"Failed to reload"
_RELOAD_SECONDS_MAX = 10.0
_POLL_SECONDS = 0.02


class ServerProcess(ManagedProcess):
    """A server with one directory of data, `files`."""

    def __init__(
        self,
        *,
        name: str,
        url: str,
        command: Sequence[str],
        files: Path,
        log: Path,
        probe: Probe,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(
            name=name, command=command, directory=files.parent, log=log, probe=probe, environment=environment
        )
        self.url = url
        """The address at which it listens, without a link in between."""
        self.files = files
        self._copies = 0

    async def reload(self) -> None:
        """Have a NATS server read its configuration again. Returns once it has. Raises `NotReloaded`."""
        seen = self.log.stat().st_size
        os.kill(self.pid, signal.SIGHUP)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _RELOAD_SECONDS_MAX
        while _RELOADED not in (text := self.log.read_bytes()[seen:]):
            if loop.time() >= deadline or _NOT_RELOADED in text:
                raise NotReloaded(name=self.name, log=self.log, log_tail=self.log_tail())
            await asyncio.sleep(_POLL_SECONDS)

    async def keep_files(self) -> Path:
        """A copy of its files as they are now, to be put back later. Raises `StillRunning`."""
        self._check_stopped()
        self._copies += 1
        copy = self.files.with_name(f"{self.files.name}-copy-{self._copies}")
        await asyncio.to_thread(_replace, copy, self.files)
        return copy

    async def put_back_files(self, copy: Path) -> None:
        """Replace its files by an earlier copy, which can be put back again. Raises `StillRunning`."""
        self._check_stopped()
        await asyncio.to_thread(_replace, self.files, copy)

    async def erase_files(self) -> None:
        """Erase all of its files, as the loss of a disk would. Raises `StillRunning`."""
        self._check_stopped()
        await asyncio.to_thread(shutil.rmtree, self.files)
        make_private(self.files)

    def _check_stopped(self) -> None:
        if self.is_running:
            raise StillRunning(name=self.name)


def _replace(target: Path, source: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)

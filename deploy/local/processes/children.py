"""A process of a region: started, watched, stopped, killed, paused; on the same port each time."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.errors import NotReadyInTime, ProcessDied
from deploy.local.processes.probes import Probe, Ready
from deploy.local.processes.spawning import ending, spawn

STOP_SECONDS_MAX = 15.0
"""The time that a process has to finish before it is killed. A service drains for 10 s by default."""
READY_SECONDS_MAX = 30.0
_KILL_SECONDS_MAX = 10.0
_POLL_SECONDS = 0.02
_TAIL_BYTES_MAX = 16 << 10


class ManagedProcess:
    """One program with its settings and log. Its methods may be called in any state, and every wait is bounded."""

    def __init__(
        self,
        *,
        name: str,
        command: Sequence[str],
        directory: Path,
        log: Path,
        probe: Probe,
        environment: Mapping[str, str],
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = tuple(command)
        self.directory = directory
        self.log = log
        self.settings = dict(settings or {})
        """Environment variables of this process alone. A change counts from the next start."""
        self._environment = dict(environment)
        self._probe = probe
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended. A paused process runs."""
        return self._popen is not None and self.return_code is None

    @property
    def pid(self) -> int:
        """The process id while it runs, and 0 otherwise."""
        return self._popen.pid if self._popen is not None and self.is_running else 0

    @property
    def return_code(self) -> int | None:
        """Its exit code, or minus the number of the signal that ended it; None while it runs or was never started."""
        popen = self._popen
        if popen is None or popen.returncode is not None:
            return None if popen is None else popen.returncode
        if os.waitid(os.P_PID, popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        # Its own children end too, while its number still names their group.
        self._signal_group(signal.SIGKILL)
        return popen.wait()

    async def start(self) -> None:
        """Start it, unless it runs. This does not wait for readiness."""
        if not self.is_running:
            environment = self._environment | self.settings
            self._popen = spawn(self.command, directory=self.directory, environment=environment, log=self.log)

    async def stop(self, *, within_seconds: float = STOP_SECONDS_MAX) -> None:
        """Ask it to end, and kill it at the time limit. A paused process is resumed first."""
        if self._popen is None or not self.is_running:
            return
        self._popen.send_signal(signal.SIGTERM)
        self.resume()
        if not await self._ends(within_seconds):
            await self.kill()

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        self.kill_now()
        if self.is_running and not await self._ends(_KILL_SECONDS_MAX):
            raise ProcessDied(name=self.name, ending="nothing, not even SIGKILL", log=self.log, log_tail="")

    def kill_now(self) -> None:
        """End it at once, without waiting until it is gone."""
        if self.is_running:
            self._signal_group(signal.SIGKILL)

    def pause(self) -> None:
        """Pause it, and return once it does nothing more. Its connections stay open.

        On a busy machine its threads continue for a while, until the one that takes the signal has its turn.
        """
        if self._popen is not None and self.is_running:
            self._signal_group(signal.SIGSTOP)
            os.waitid(os.P_PID, self._popen.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let it continue after a pause."""
        if self.is_running:
            self._signal_group(signal.SIGCONT)

    async def restart(self, *, within_seconds: float = READY_SECONDS_MAX) -> None:
        """Stop it, start it, and wait until it is ready."""
        await self.stop()
        await self.start()
        await self.wait_ready(within_seconds=within_seconds)

    async def wait_ready(
        self, *, within_seconds: float = READY_SECONDS_MAX, report: Callable[[str], None] | None = None
    ) -> None:
        """Return once it is ready. Until then `report` receives what it waits for.

        Raises `ProcessDied` if it has ended, `NotReadyInTime` after `within_seconds`.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_seconds
        while True:
            self.check_running()
            readiness = await self._probe()
            if isinstance(readiness, Ready):
                return
            if report is not None:
                report(readiness.reason)
            if loop.time() >= deadline:
                raise NotReadyInTime(
                    name=self.name,
                    seconds=within_seconds,
                    waiting_for=readiness.reason,
                    log=self.log,
                    log_tail=self.log_tail(),
                )
            await asyncio.sleep(_POLL_SECONDS)

    async def is_ready(self) -> bool:
        """Whether it is ready now."""
        return self.is_running and isinstance(await self._probe(), Ready)

    def check_running(self) -> None:
        """Raise `ProcessDied`, with the end of its log, if it does not run."""
        if self.is_running:
            return
        code = self.return_code
        how = "nothing: it was never started" if code is None else ending(code)
        raise ProcessDied(name=self.name, ending=how, log=self.log, log_tail=self.log_tail())

    def log_tail(self, *, lines_max: int = 20) -> str:
        """The last lines that it wrote, over all of its starts."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES_MAX))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines_max:])
        except FileNotFoundError:
            return ""

    async def _ends(self, within_seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_seconds
        while self.is_running:
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True

    def _signal_group(self, number: signal.Signals) -> None:
        if self._popen is not None:
            os.killpg(self._popen.pid, number)

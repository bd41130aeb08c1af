"""What can go wrong on one machine. Each error's text is one line that says what to do."""

from collections.abc import Iterable
from pathlib import Path


class LocalError(Exception):
    """Something that the person who started the regions can act on."""


class ServerMissing(LocalError):
    """No usable server program was found."""


class PortInUse(LocalError):
    """Somebody else listens where a process of ours has to."""

    def __init__(self, *, port: int, wanted_by: str, remedy: str) -> None:
        self.port = port
        super().__init__(f"port {port}, which {wanted_by} needs, is in use; {remedy}")


class ProcessDied(LocalError):
    """A process ended that should be running."""

    def __init__(self, *, name: str, ending: str, log: Path, log_tail: str) -> None:
        self.log_tail = log_tail
        super().__init__(f"{name} ended with {ending}; its log is {log}")


class NotReadyInTime(LocalError):
    """A process runs, but did not become ready within its bound."""

    def __init__(self, *, name: str, seconds: float, waiting_for: str, log: Path, log_tail: str) -> None:
        self.log_tail = log_tail
        super().__init__(f"{name} was not ready within {seconds:g} s: {waiting_for}; its log is {log}")


class StillRunning(LocalError):
    """A server's files can only be copied or replaced while it is stopped."""

    def __init__(self, *, name: str) -> None:
        super().__init__(f"{name} is running; stop it before touching its files")


class UnknownRegion(LocalError):
    """A region that is not one of those running."""

    def __init__(self, *, region: str, known: Iterable[str]) -> None:
        super().__init__(f"no region {region!r}; there are {', '.join(known)}")


class InvalidRequest(LocalError):
    """An argument that makes no sense, and what would."""


class DataInUse(LocalError):
    """Other regions run on this data directory."""

    def __init__(self, *, data: Path) -> None:
        super().__init__(f"{data} is in use by other running regions; stop them or name another directory")


class RegionsMissing(LocalError):
    """The data directory knows regions that were not asked for."""

    def __init__(self, *, data: Path, left_out: Iterable[str]) -> None:
        names = ", ".join(left_out)
        super().__init__(f"{data} also holds {names}; start with more --regions or name another directory")


class NatsServersDiffer(LocalError):
    """The data directory is of regions with another number of NATS servers, which cannot take its logs."""

    def __init__(self, *, data: Path, held: int) -> None:
        super().__init__(f"{data} is of --nats-servers {held}; start with that or name another directory")


class DemoRunning(LocalError):
    """Regions of that name run already."""

    def __init__(self, *, name: str) -> None:
        super().__init__(f"a demo named {name!r} is running already; end it or choose another --name")


class NoDemo(LocalError):
    """Nobody answers under that name."""

    def __init__(self, *, name: str, why: str) -> None:
        command = "crosshook up" if name == "demo" else f"crosshook up --name {name}"
        super().__init__(f"the demo named {name!r} {why} with `{command}`")


class KeepsDying(LocalError):
    """A process ended again and again."""

    def __init__(self, *, name: str, times: int, seconds: float, last: ProcessDied) -> None:
        self.log_tail = last.log_tail
        super().__init__(f"{name} ended {times} times within {seconds:g} s and is given up: {last}")

"""The errors of regions on one machine. Each error's text is one line that names the remedy."""

from collections.abc import Iterable
from pathlib import Path

from deploy.own_command import own_command

DEFAULT_NAME = "demo"
"""The name of a demo that was started without `--name`."""


class LocalError(Exception):
    """The person who started the regions can act on this."""


class ServerMissing(LocalError):
    """No usable server program was found."""


class OtherSystem(LocalError):
    """This is not Linux."""

    def __init__(self, *, system: str) -> None:
        super().__init__(f"regions on this machine need Linux, and this is {system}; use Docker Compose: docs/tour.md")


class PortInUse(LocalError):
    """Another program listens on a port that one of our processes needs."""

    def __init__(self, *, port: int, wanted_by: str, remedy: str) -> None:
        self.port = port
        super().__init__(f"port {port} is in use, and {wanted_by} needs it; {remedy}")


class ProcessDied(LocalError):
    """A process has ended that should run."""

    def __init__(self, *, name: str, ending: str, log: Path, log_tail: str) -> None:
        self.log_tail = log_tail
        super().__init__(f"{name} ended with {ending}; see its log, {log}")


class NotReadyInTime(LocalError):
    """A process runs, but was not ready within its bound."""

    def __init__(self, *, name: str, seconds: float, waiting_for: str, log: Path, log_tail: str) -> None:
        self.log_tail = log_tail
        super().__init__(f"{name} was not ready within {seconds:g} s: {waiting_for}; see its log, {log}")


class NotReloaded(LocalError):
    """A NATS server did not read its configuration again."""

    def __init__(self, *, name: str, log: Path, log_tail: str) -> None:
        self.log_tail = log_tail
        super().__init__(f"{name} did not take its new configuration; see its log, {log}")


class SecretsNotTaken(LocalError):
    """A server refused changed secrets, or a process does not use them yet."""


class StillRunning(LocalError):
    """A server runs, so its files cannot be copied or replaced."""

    def __init__(self, *, name: str) -> None:
        super().__init__(f"{name} is running; stop it before you touch its files")


class UnknownRegion(LocalError):
    """No running region has this name."""

    def __init__(self, *, region: str, known: Iterable[str]) -> None:
        super().__init__(f"there is no region {region!r}; the regions are {', '.join(known)}")


class InvalidRequest(LocalError):
    """An argument is not allowed; the text says what is."""


class NotPrivate(LocalError):
    """Other users may have access to a directory."""

    def __init__(self, *, directory: Path) -> None:
        super().__init__(
            f"{directory}: expected a directory that only you can open (yours, mode 0700, no link); "
            "correct it, or name another one"
        )


class DataInUse(LocalError):
    """Other running regions use this data directory."""

    def __init__(self, *, data: Path) -> None:
        super().__init__(f"other running regions use {data}; stop them or name another directory")


class RegionsMissing(LocalError):
    """The data directory holds regions that would not be started."""

    def __init__(self, *, data: Path, left_out: Iterable[str]) -> None:
        names = ", ".join(left_out)
        super().__init__(f"{data} also holds {names}; start with more --regions or name another directory")


class NatsServersDiffer(LocalError):
    """The logs in the data directory belong to another number of NATS servers, so these servers cannot take them."""

    def __init__(self, *, data: Path, held: int) -> None:
        super().__init__(
            f"{data} was made with --nats-servers {held}; start with that number or name another directory"
        )


class DemoRunning(LocalError):
    """A demo of this name runs already."""

    def __init__(self, *, name: str) -> None:
        super().__init__(f"a demo named {name!r} runs already; end it, or choose another --name and --http-port")


class NoDemo(LocalError):
    """No demo answers under this name."""

    def __init__(self, *, name: str, why: str, remedy: str) -> None:
        options = "" if name == DEFAULT_NAME else f" --name {name}"
        super().__init__(f"the demo named {name!r} {why}; {remedy} with `{own_command()} up{options}`")


class KeepsDying(LocalError):
    """A process ended too often to be started again."""

    def __init__(self, *, name: str, times: int, seconds: float, last: ProcessDied) -> None:
        self.log_tail = last.log_tail
        super().__init__(f"{name} ended {times} times within {seconds:g} s and is not started again: {last}")

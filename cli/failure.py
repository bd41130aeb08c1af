"""How a command ends that cannot do what it was asked: one line on stderr that says what to do.

The exit code is 2 if the command was used wrongly, and 1 if something else is in the way.
"""

from typing import IO, Any

import click

from cli.admin_errors import AdminError, AdminKeyRefused, Invalid, UnknownApiKey
from deploy.local.errors import InvalidRequest, LocalError, UnknownRegion


class Failure(click.ClickException):
    """Something is in the way; a process's last words follow the line, if there are any."""

    def __init__(self, error: LocalError | AdminError) -> None:
        super().__init__(str(error))
        self._log_tail = str(getattr(error, "log_tail", ""))

    def show(self, file: IO[Any] | None = None) -> None:
        """The line, then the end of the log, indented."""
        super().show(file)
        if self._log_tail:
            click.echo(indented(self._log_tail), file=file, err=file is None)


class Misuse(click.ClickException):
    """The command was used wrongly."""

    exit_code = 2


def failure(error: LocalError | AdminError) -> click.ClickException:
    """How a command ends because of `error`."""
    is_misuse = isinstance(error, InvalidRequest | UnknownRegion | Invalid | AdminKeyRefused | UnknownApiKey)
    return Misuse(str(error)) if is_misuse else Failure(error)


def indented(log_tail: str) -> str:
    """The lines of a log, set off from what is ours."""
    return "\n".join(f"  | {line}" for line in log_tail.splitlines())

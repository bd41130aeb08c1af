"""The failures of commands: one line on standard error that says what to do.

The exit code is 2 if an argument is wrong, and 1 for every other failure.
"""

from typing import IO, Any

import click

from cli.admin_errors import AdminError, AdminKeyRefused, Invalid, UnknownApiKey
from deploy.local.errors import InvalidRequest, LocalError, UnknownRegion


class Failure(click.ClickException):
    """The command failed. The end of a process's log follows the line, if there is one."""

    def __init__(self, error: LocalError | AdminError) -> None:
        super().__init__(str(error))
        self._log_tail = str(getattr(error, "log_tail", ""))

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line, then the end of the log, indented."""
        super().show(file)
        if self._log_tail:
            click.echo(indented(self._log_tail), file=file, err=file is None)


class Misuse(click.ClickException):
    """An argument or a setting of the command is wrong."""

    exit_code = 2


def failure(error: LocalError | AdminError) -> click.ClickException:
    """The exception that ends a command because of `error`."""
    is_misuse = isinstance(error, InvalidRequest | UnknownRegion | Invalid | AdminKeyRefused | UnknownApiKey)
    return Misuse(str(error)) if is_misuse else Failure(error)


def indented(log_tail: str) -> str:
    """The lines of a log, marked so that they differ from our own."""
    return "\n".join(f"  | {line}" for line in log_tail.splitlines())

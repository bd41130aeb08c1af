"""Help that keeps the lines of its docstring, loads a command only when it is called, and cuts no summary."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import click

WIDTH = 100
"""The columns that help uses at most. A terminal may be narrower."""


class VerbatimCommand(click.Command):
    """A command whose help keeps its lines."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the docstring, indented by two."""
        _write(self.help, formatter)


class VerbatimGroup(click.Group):
    """A group whose help, and whose commands' help, keeps its lines."""

    command_class = VerbatimCommand
    group_class = type

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the docstring, indented by two."""
        _write(self.help, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the whole first line of its docstring. Click would cut that at the line's end."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, _first_line(command.help)) for name, command in commands if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class LazyGroup(VerbatimGroup):
    """A group that imports a command's module only when the command is called or its summary is shown.

    A container calls `crosshook probe` every few seconds, and that one needs none of the other commands' modules.
    """

    def __init__(self, *arguments: Any, lazy: Mapping[str, str], **options: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*arguments, **options)
        self._lazy = dict(lazy)
        """Name -> `module:attribute`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, in the order in which the group lists them."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported if need be."""
        place = self._lazy.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(place)
        return command


def _first_line(text: str | None) -> str:
    return inspect.cleandoc(text or "").partition("\n")[0]


def _write(text: str | None, formatter: click.HelpFormatter) -> None:
    formatter.write_paragraph()
    for line in inspect.cleandoc(text or "").splitlines():
        formatter.write(f"  {line}".rstrip() + "\n")

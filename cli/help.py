"""Help that looks as it is written: docstrings with examples, which click would otherwise run together."""

import inspect

import click


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


def _write(text: str | None, formatter: click.HelpFormatter) -> None:
    formatter.write_paragraph()
    for line in inspect.cleandoc(text or "").splitlines():
        formatter.write(f"  {line}".rstrip() + "\n")

"""Every `--help` teaches by an example that can be typed."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from cli.__main__ import main


def paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from paths(child, (*path, name))


@pytest.mark.parametrize("path", tuple(paths(main)), ids=" ".join)
def test_help_has_an_example_of_the_command_itself(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"], prog_name="crosshook")
    assert result.exit_code == 0
    examples = [line.split() for line in result.output.splitlines() if line.startswith("    ")]
    assert any(words[: 1 + len(path)] == ["crosshook", *path] for words in examples)


@pytest.mark.parametrize("path", tuple(paths(main)), ids=" ".join)
def test_no_help_is_truncated_or_wider_than_80_columns(path: tuple[str, ...]) -> None:
    output = CliRunner().invoke(main, [*path, "--help"], prog_name="crosshook", terminal_width=80).output
    assert "..." not in output.partition("Commands:")[2]
    assert max(map(len, output.splitlines())) <= 80


def test_an_unknown_command_is_refused_and_named() -> None:
    result = CliRunner().invoke(main, ["sevre"], prog_name="crosshook")
    assert result.exit_code == 2
    assert "No such command 'sevre'" in result.output

"""Every `--help` teaches by an example that can be typed."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from cli.__main__ import main


def paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from paths(child, (*path, name))


@pytest.mark.parametrize("path", tuple(paths(main)), ids=" ".join)
def test_help_has_an_example_of_the_command_itself(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"], prog_name="crosshook")
    assert result.exit_code == 0
    examples = [line.split() for line in result.output.splitlines() if line.startswith("    ")]
    assert any(words[: 1 + len(path)] == ["crosshook", *path] for words in examples)

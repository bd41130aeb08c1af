"""`crosshook serve`, `replicate` and `probe` start what `python -m` starts, and import no more than that."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from cli.__main__ import main

LOADED = """
import sys
from cli.__main__ import main
try:
    main([{command!r}], prog_name="crosshook")
except SystemExit:
    pass
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


@pytest.mark.parametrize("command", ["serve", "replicate"])
def test_a_wrong_setting_is_one_line_that_names_the_variable(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    result = CliRunner().invoke(main, [command], env={"CROSSHOOK_TOPOLOGY": "missing.toml", "CROSSHOOK_REGION": "us"})
    assert result.exit_code == 2
    printed = (result.stderr or capfd.readouterr().err).splitlines()
    assert len(printed) == 1
    assert printed[0].startswith("CROSSHOOK_TOPOLOGY: ")


def test_the_probe_of_a_process_that_does_not_listen_fails_and_gives_the_reason() -> None:
    result = CliRunner().invoke(main, ["probe"], env={"CROSSHOOK_LISTEN": "127.0.0.1:1"})
    assert result.exit_code == 1
    assert "no response at CROSSHOOK_LISTEN, '127.0.0.1:1'" in result.output


@pytest.mark.parametrize(("command", "needless"), [("probe", {"litestar", "rich", "redis", "msgspec", "asyncio"})])
def test_a_command_imports_only_what_it_needs(command: str, needless: set[str]) -> None:
    program = (sys.executable, "-c", LOADED.format(command=command))
    ended = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - ours
    assert needless.isdisjoint(ended.stdout.splitlines()[-1].split())

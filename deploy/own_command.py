"""How a message names the `crosshook` command, so that it can be pasted as it stands."""

import os
import shlex
import shutil
import sys
from pathlib import Path

_NAME = "crosshook"


def own_command() -> str:
    """The words that call `crosshook` again from the present directory.

    `CROSSHOOK_COMMAND` has them where the command runs in a container. Elsewhere it is the name alone if that is on
    PATH, then the path by which this program was called, then the path of the command beside this interpreter.
    """
    if from_outside := os.environ.get("CROSSHOOK_COMMAND"):
        return from_outside
    if shutil.which(_NAME):
        return _NAME
    called = Path(sys.argv[0])
    if called.name == _NAME:
        return shlex.quote(str(called))
    beside = Path(sys.executable).with_name(_NAME)
    if beside.is_file():
        return shlex.quote(str(_from_here(beside)))
    return f"{shlex.quote(sys.executable)} -m cli"


def _from_here(path: Path) -> Path:
    """The path as it is written from the present directory, if it is below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path

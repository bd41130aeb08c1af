"""The path of a demo's control socket, in a directory that only its user can open."""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from deploy.local.errors import InvalidRequest
from deploy.local.private import check_private, make_private

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def control_path(name: str) -> Path:
    """The socket of the regions called `name`; it need not be there. Raises `InvalidRequest` for an unusable name."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(f"the name of a demo: expected 1 to 32 of a-z, 0-9 and -, got {name!r}")
    return _directory() / f"{name}.sock"


def make_directory() -> None:
    """Make the directory of the sockets. Raises `NotPrivate` if other users have access to one that is there."""
    directory = _directory()
    if os.path.lexists(directory):
        check_private(directory)
    else:
        make_private(directory)


def check_directory() -> None:
    """Raise `NotPrivate` if other users could have put a socket into the directory. It need not be there."""
    with suppress(FileNotFoundError):
        check_private(_directory())


def remove_directory_if_empty() -> None:
    """Remove the directory if no other demo uses it."""
    try:
        _directory().rmdir()
    except OSError:
        return


def _directory() -> Path:
    session = os.environ.get("XDG_RUNTIME_DIR")
    if session and Path(session).is_dir():
        return Path(session) / "crosshook"
    return Path(tempfile.gettempdir()) / f"crosshook-{os.getuid()}"

"""The path of a demo's control socket, in a directory that only its user can open."""

import os
import re
import stat
import tempfile
from pathlib import Path

from deploy.local.errors import InvalidRequest

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def control_path(name: str) -> Path:
    """The socket of the regions called `name`; it need not be there. Raises `InvalidRequest` for an unusable name."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(f"the name of a demo: expected 1 to 32 of a-z, 0-9 and -, got {name!r}")
    return _directory() / f"{name}.sock"


def make_directory() -> None:
    """Make the directory of the sockets. Raises `InvalidRequest` if other users have access to it."""
    directory = _directory()
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise InvalidRequest(f"{directory}: expected a directory that only you can open (mode 0700); remove it")


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

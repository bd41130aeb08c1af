"""Directories and files that only this user can open, whatever the umask."""

import os
import stat
from pathlib import Path

from deploy.local.errors import NotPrivate

PRIVATE_UMASK = 0o077
"""The umask of every process of a region."""

_DIRECTORY_MODE, _FILE_MODE = 0o700, 0o600
_OTHERS = 0o077


def check_private(directory: Path) -> None:
    """Raise `NotPrivate` unless only this user can open `directory`. Raises `FileNotFoundError` if there is none."""
    found = directory.lstat()
    if not _is_own_directory(found) or found.st_mode & _OTHERS:
        raise NotPrivate(directory=directory)


def make_private(directory: Path) -> Path:
    """Make `directory` if it is missing, and close it to other users if it is this user's. Raises `NotPrivate`."""
    directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
    if not _is_own_directory(directory.lstat()):
        raise NotPrivate(directory=directory)
    directory.chmod(_DIRECTORY_MODE)
    check_private(directory)  # Some file systems know no modes.
    return directory


def close_to_others(directory: Path) -> None:
    """Take all permissions of other users away from everything in `directory`. Links are not followed."""
    for parent, directories, files in os.walk(directory):
        for name in (*directories, *files):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & _OTHERS:
                path.chmod(stat.S_IMODE(mode) & ~_OTHERS)


def open_log(path: Path) -> int:
    """A descriptor that appends to a file of this user."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE)
    os.fchmod(descriptor, _FILE_MODE)
    return descriptor


def _is_own_directory(found: os.stat_result) -> bool:
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()

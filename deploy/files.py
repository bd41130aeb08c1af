"""Replaces files as a whole, and makes the files of a volume: for one user, and only if they differ."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

_MODE = 0o400
_PRIVATE_MODE = 0o600
_THIS_USER = -1
_DIRECTORY_MODE = 0o755
_DATA_MODE = 0o700


class Volume(msgspec.Struct, frozen=True):
    """The files of a volume by their paths. They belong to the user `owner`, and directories to root."""

    owner: int
    files: Mapping[str, str]


class DataVolume(msgspec.Struct, frozen=True):
    """A volume that the user `owner` writes to."""

    owner: int


def write_volume(directory: Path, volume: Volume) -> list[str]:
    """Make `directory` have these files and no others. Returns the paths of the changed files."""
    directory.mkdir(exist_ok=True)
    for parent in sorted({parent for name in volume.files for parent in Path(name).parents} - {Path()}):
        (directory / parent).mkdir(exist_ok=True)
        (directory / parent).chmod(_DIRECTORY_MODE)
    present = {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}
    for name in present - set(volume.files):
        (directory / name).unlink()
    changed = [
        name for name, text in volume.files.items() if not _is_so(directory / name, text=text, owner=volume.owner)
    ]
    for name in changed:
        put(directory / name, volume.files[name], mode=_MODE, owner=volume.owner)
    return changed


def give(directory: Path, volume: DataVolume) -> None:
    """Make `directory` accessible to its owner only."""
    directory.mkdir(exist_ok=True)
    found = directory.stat()
    if stat.S_IMODE(found.st_mode) != _DATA_MODE:
        directory.chmod(_DATA_MODE)
    if found.st_uid != volume.owner:
        os.chown(directory, volume.owner, -1)


def text_in(path: Path) -> str:
    """The content of a file; `""` if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _is_so(path: Path, *, text: str, owner: int) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return found.st_uid == owner and stat.S_IMODE(found.st_mode) == _MODE and text_in(path) == text


def put(path: Path, text: str, *, mode: int = _PRIVATE_MODE, owner: int = _THIS_USER) -> None:
    """Replace the file at once: a reader gets the whole old file or the whole new one, even after a crash."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchown(file.fileno(), owner, -1)
        os.fsync(file.fileno())
    unfinished.replace(path)

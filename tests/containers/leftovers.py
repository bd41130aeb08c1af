"""Removes what a killed run left behind."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.containers.commands import docker, run

PREFIX = "crosshook-tests-"
LABEL = "crosshook.tests"
"""A label on containers that Compose does not know. Its value is the name of the run."""

_LABELS = (LABEL, "com.docker.compose.project")
_KINDS = {
    "container": ("{{.ID}}", ["--all"], ["--force", "--volumes"]),
    "network": ("{{.ID}}", [], []),
    "volume": ("{{.Name}}", [], []),
}
"""The kinds of things with a label: the name, how to list all, how to remove one. They are removed in this order."""


@contextmanager
def a_run() -> Iterator[str]:
    """A name for a run's containers, networks, volumes and image, claimed while its process lives.

    The claim is an abstract socket, which the kernel releases when the process ends in any way.
    """
    name = f"{PREFIX}{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as claim:
        claim.bind(f"\0{name}")
        yield name


async def remove_what_the_dead_left() -> list[str]:
    """Remove everything of ended runs, and return what was removed."""
    removed = []
    for kind, (called, every, whole) in _KINDS.items():
        for label in _LABELS:
            shown = f'{called} {{{{.Label "{label}"}}}}'
            listed = await docker(kind, "ls", *every, "--filter", f"label={label}", "--format", shown)
            for line in listed.splitlines():
                found, _, name = line.partition(" ")
                if name.startswith(PREFIX) and not _lives(name):
                    await docker(kind, "rm", *whole, found)
                    removed.append(f"{kind} {found}")
    for image in (await docker("image", "ls", "--format", "{{.Repository}}", f"{PREFIX}*")).split():
        if not _lives(image):
            await run("docker", "image", "rm", "--no-prune", image)
            removed.append(f"image {image}")
    return removed


def _lives(name: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as claim:
        try:
            claim.bind(f"\0{name}")
        except OSError:
            return True
    return False

"""Whether containers can be run here, and if not, what is to be done about it."""

import functools
import os
import shutil
import subprocess

_ANSWERS_WITHIN_SECONDS = 20
_INSTALL = "apt-get install -y docker.io docker-compose"


@functools.cache
def complaint() -> str:
    """What a test that needs containers says where there can be none; nothing where there can."""
    if shutil.which("docker") is None:
        return f"this test needs docker, and there is none on PATH: {_INSTALL}"
    refusal = _refusal("docker", "version", "--format", "{{.Server.Version}}")
    if refusal:
        return (
            f"this test needs a Docker engine, and none answers ({refusal}): start dockerd, or let DOCKER_HOST name one"
        )
    if not compose_command():
        return f"this test needs Compose, and there is neither `docker compose` nor docker-compose on PATH: {_INSTALL}"
    refusal = _refusal(*compose_command(), "version")
    if refusal:
        return f"this test needs Compose, and `{' '.join(compose_command())}` does not run ({refusal})"
    return ""


@functools.cache
def compose_command() -> tuple[str, ...]:
    """What `CROSSHOOK_TEST_COMPOSE` says; else `docker compose`, or `docker-compose` where only that is there.

    Nothing where neither is.
    """
    if told := os.environ.get("CROSSHOOK_TEST_COMPOSE"):
        return tuple(told.split())
    if not _refusal("docker", "compose", "version"):
        return "docker", "compose"
    return ("docker-compose",) if shutil.which("docker-compose") is not None else ()


def _refusal(*command: str) -> str:
    """The last line of why a command failed; nothing if it did not."""
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, text=True, timeout=_ANSWERS_WITHIN_SECONDS, check=False
        )
    except FileNotFoundError:
        return f"no {command[0]} on PATH"
    except subprocess.TimeoutExpired:
        return f"nothing within {_ANSWERS_WITHIN_SECONDS} s"
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return lines[-1] if done.returncode else ""

"""Start a service, for `python -m service` and `crosshook serve`."""

from collections.abc import Mapping
from functools import partial

from runtime.process import run
from service.app import main
from service.settings import read_settings


def start(variables: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit code. A wrong setting returns 2 before any connection."""
    return run(partial(read_settings, variables), main)

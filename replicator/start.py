"""Start a replicator, for `python -m replicator` and `crosshook replicate`."""

from collections.abc import Mapping
from functools import partial

from replicator.app import main
from replicator.settings import read_settings
from runtime.process import run


def start(variables: Mapping[str, str]) -> int:
    """Replicate until SIGTERM or SIGINT, and return the exit code. A wrong setting returns 2 before any connection."""
    return run(partial(read_settings, variables), main)

"""Optional extras of the package. A program that needs a missing one ends with one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needing(package: str, *, extra: str) -> Iterator[None]:
    """A context for imports. If `package` is missing, the program ends with exit code 1 and says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        sys.exit(f"{package} is not installed. Run `make venv`, or install crosshook[{extra}].")

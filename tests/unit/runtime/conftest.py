import logging
import threading
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Logging is everybody's: put it back."""
    root = logging.getLogger()
    level, handlers, excepthook = root.level, root.handlers[:], threading.excepthook
    yield
    structlog.reset_defaults()
    threading.excepthook = excepthook
    root.setLevel(level)
    root.handlers[:] = handlers

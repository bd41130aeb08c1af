import logging
import threading
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Restore the configuration of logging, which all tests share."""
    root = logging.getLogger()
    level, handlers, excepthook = root.level, root.handlers[:], threading.excepthook
    yield
    structlog.reset_defaults()
    threading.excepthook = excepthook
    root.setLevel(level)
    root.handlers[:] = handlers

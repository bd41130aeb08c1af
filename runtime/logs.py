"""Structured logs on standard error: JSON, or readable on a terminal."""

import logging
import sys
import threading
from enum import StrEnum

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import ExceptionRenderer, JSONRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor


class LogFormat(StrEnum):
    """The format of a line. `auto` is readable on a terminal and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least important lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def is_json(log_format: LogFormat) -> bool:
    """Whether this format means JSON on this process's standard error."""
    return log_format is LogFormat.JSON or (log_format is LogFormat.AUTO and not sys.stderr.isatty())


def configure_logs(log_format: LogFormat, level: LogLevel, **always: str) -> None:
    """Log in `log_format` from now on, with `always` on every line of every thread.

    The warnings of libraries and the errors that end a thread get the same format.
    A traceback names the lines of code but no values, because these include passwords and customers' keys.
    """

    def add_always(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
        return {**always, **event_dict}

    shared: list[Processor] = [
        add_always,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [ExceptionRenderer(ExceptionDictTransformer(show_locals=False)), JSONRenderer()]
        if is_json(log_format)
        else [ConsoleRenderer(exception_formatter=plain_traceback)]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level.value),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    threading.excepthook = _log_end_of_thread


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Log one line, instead of Python's traceback over many."""
    if ended.exc_value is not None and ended.exc_type is not SystemExit:
        name = ended.thread.name if ended.thread else ""
        structlog.get_logger().error("a thread failed", thread=name, exc_info=ended.exc_value)

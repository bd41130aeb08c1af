"""By which a process records nothing: Python imports a module of this name, the first on its path, as it starts.

What counts, times and tells does nothing from then on, and what only it needs is not put together. Everything else is
as it is. `bench.recorded` looks whether that is so.
"""

from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from replicator.metrics import Applying, Shipping
from runtime.tracing import UNTRACED, Untraced
from service.http.instrumentation import Instrumentation
from service.request.context import Exchange
from service.watermarks.acknowledgements import Acknowledgements


class _Nothing:
    """A context in which no time is taken."""

    def __enter__(self) -> Untraced:
        return UNTRACED

    def __exit__(self, *_: object) -> None:
        pass


_NOTHING = _Nothing()


def _do_nothing(*_: Any, **__: Any) -> None:  # noqa: ANN401 - whatever it is that does nothing
    pass


def _during(_exchange: Exchange, _part: str) -> _Nothing:
    return _NOTHING


async def _pass_on(observing: Any, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
    await observing._app(scope, receive, send)  # noqa: SLF001 - in its place


_INSTEAD = (
    (Counter, "inc", _do_nothing),
    (Gauge, "set", _do_nothing),
    (Histogram, "observe", _do_nothing),
    (Acknowledgements, "stored", _do_nothing),
    (Acknowledgements, "heard", _do_nothing),
    (Shipping, "shipped", _do_nothing),
    (Applying, "applied", _do_nothing),
    (Applying, "aged", _do_nothing),
    (Exchange, "during", _during),
    (Instrumentation, "__call__", _pass_on),
)

for kind, name, instead in _INSTEAD:
    if name not in vars(kind):
        raise AttributeError(f"{kind.__name__} has no {name}: what records has changed, and this has to")
    setattr(kind, name, instead)

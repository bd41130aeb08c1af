"""Whether processes record what they should, and nothing where they should not: else no figure is of what it says."""

import http.client
from urllib.error import URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from bench.errors import Unmeasured
from bench.regions import Regions
from bench.sides import Side

ANSWER_SECONDS_MAX = 10.0
_OURS = "crosshook_"
_EVENTS = ("counter", "histogram")
_LINE = b'"event":"request"'


def check_recorded(regions: Regions, side: Side) -> None:
    """Look at what the processes say once they have done something. Raises `Unmeasured` if it is not as `side` says."""
    for url in regions.processes():
        if _has_counted(_metrics_of(url)) != side.has_metrics:
            raise Unmeasured(f"{side.name}: {url}/metrics {_not_as_expected(should=side.has_metrics)}")
    has_lines = any(_LINE in log.read_bytes() for log in regions.logs())
    if has_lines != side.has_lines:
        raise Unmeasured(f"{side.name}: the services' logs {_not_as_expected(should=side.has_lines)}")


def _metrics_of(url: str) -> str:
    try:
        with urlopen(f"{url}/metrics", timeout=ANSWER_SECONDS_MAX) as answer:  # noqa: S310 - one of ours
            return str(answer.read(), "utf-8")
    except (URLError, OSError, http.client.HTTPException) as error:
        raise Unmeasured(f"{url}/metrics was not answered: {error!r}") from error


def _has_counted(metrics: str) -> bool:
    """Whether anything was counted or timed. Gauges say how it is now, and say so in any case."""
    return any(
        sample.value > 0
        for family in text_string_to_metric_families(metrics)
        if family.name.startswith(_OURS) and family.type in _EVENTS
        for sample in family.samples
    )


def _not_as_expected(*, should: bool) -> str:
    return "show nothing, and should" if should else "show what should not have been recorded"

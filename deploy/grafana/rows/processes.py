"""What the processes need of their machines."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import Query, Row, lines
from deploy.grafana.queries import CHOSEN, rate

_OURS = f'job=~"crosshook-(service|replicator)", {CHOSEN}'
_EACH = "{{region}} {{job}} {{instance}}"


def processes() -> Row:
    """Each process for itself."""
    return Row(
        "Processes",
        [
            lines(
                "Processor time",
                Query(rate("process_cpu_seconds_total", "region", "job", "instance", where=_OURS), _EACH),
                unit=units.PercentUnit,
                columns=12,
                description="Of one core. A process near 100 % is what the rest waits for: start another beside it.",
            ),
            lines(
                "Memory",
                Query(f"process_resident_memory_bytes{{{_OURS}}}", _EACH),
                unit=units.BytesIEC,
                columns=12,
                description="Flat, but for what is kept while a region is behind. A slope over days is a leak.",
            ),
        ],
    )

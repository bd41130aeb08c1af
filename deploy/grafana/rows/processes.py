"""Whether the processes can do their work, and what they need of their machines."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import NOT_ONE, Query, Row, history, lines
from deploy.grafana.queries import CHOSEN, or_zero, rate

_OURS = f'job=~"crosshook-(service|replicator)", {CHOSEN}'
_EACH = "{{region}} {{job}} {{instance}}"


def processes() -> Row:
    """Whether they can do their work, and what each needs for it."""
    not_ready = f"max by (region, job, reason) (crosshook_not_ready{{{CHOSEN}}}) == 1"
    return Row(
        "Processes",
        [
            lines(
                "Ready",
                Query(f"sum by (region, job) (crosshook_ready{{{CHOSEN}}})", "{{region}} {{job}}"),
                unit=units.NoUnit,
                columns=12,
                description="How many processes can do their work. 0 is an outage; one less of several is not.",
            ),
            history(
                "Not ready, and why",
                Query(or_zero(not_ready, where_there_is="crosshook_ready"), "{{region}} {{job}} {{reason}}"),
                unit=units.NoUnit,
                levels=NOT_ONE,
                columns=12,
                description="""
                    1 while a process waits for it. A region that is named alone waits for nothing. /readyz of the
                    process says it in words.
                """,
            ),
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

"""Whether the processes can do their work, and the resources that they use."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import NOT_ONE, Query, Row, history, lines
from deploy.grafana.queries import CHOSEN, or_zero, rate

_OURS = f'job=~"crosshook-(service|replicator)", {CHOSEN}'
_EACH = "{{region}} {{job}} {{instance}}"


def processes() -> Row:
    """The readiness of the processes, and the resources that each of them uses."""
    not_ready = f"max by (region, job, reason) (crosshook_not_ready{{{CHOSEN}}}) == 1"
    return Row(
        "Processes",
        [
            lines(
                "Ready",
                Query(f"sum by (region, job) (crosshook_ready{{{CHOSEN}}})", "{{region}} {{job}}"),
                unit=units.NoUnit,
                columns=12,
                description="How many processes can do their work. 0 is an outage. One less of several is not.",
            ),
            history(
                "Not ready, and why",
                Query(or_zero(not_ready, where_there_is="crosshook_ready"), "{{region}} {{job}} {{reason}}"),
                unit=units.NoUnit,
                levels=NOT_ONE,
                columns=12,
                description="""
                    1 while a process is not ready for this reason. A region alone, without a reason, waits for nothing.
                    /readyz of the process explains the reason.
                """,
            ),
            history(
                "Servers without security fixes",
                Query(f"max by (region, server) (crosshook_server_outdated{{{CHOSEN}}})", "{{region}} {{server}}"),
                unit=units.NoUnit,
                levels=NOT_ONE,
                columns=24,
                description="""
                    1 while a region's server is older than the patched release of its line. /readyz of the region's
                    processes says which release to run.
                """,
            ),
            lines(
                "Time until certificates expire",
                Query(
                    f"min by (region, of, name) (crosshook_certificate_expiry_timestamp_seconds{{{CHOSEN}}}) - time()",
                    "{{region}} {{of}}: {{name}}",
                ),
                unit=units.Seconds,
                columns=12,
                description="An alert comes 30 days ahead. A new certificate shows as a step up.",
            ),
            lines(
                "Age of logins and certificates in use",
                Query(
                    f"time() - (min by (region, job) (crosshook_secrets_written_timestamp_seconds{{{CHOSEN}}}) > 0)",
                    "{{region}} {{job}}",
                ),
                unit=units.Seconds,
                columns=12,
                description="""
                    Falls to 0 when the last process of a region uses changed files. If it does not after a change, a
                    process keeps the old ones: its log says why.
                """,
            ),
            lines(
                "Processor time",
                Query(rate("process_cpu_seconds_total", "region", "job", "instance", where=_OURS), _EACH),
                unit=units.PercentUnit,
                columns=12,
                description="""
                    The share of one core. All else waits for a process near 100 %: start another one beside it.
                """,
            ),
            lines(
                "Memory",
                Query(f"process_resident_memory_bytes{{{_OURS}}}", _EACH),
                unit=units.BytesIEC,
                columns=12,
                description="It is flat, except while a region is behind. A slope over days is a leak.",
            ),
        ],
    )

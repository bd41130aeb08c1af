"""The time that an event spends in each step."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import PanelBuilder, Query, Row, lines
from deploy.grafana.queries import CHOSEN, mean, quantile, rate


def steps() -> Row:
    """The latency of each step, and the number of events that pass it."""
    return Row("The way of an event: append, ship, apply, acknowledge", [*_latencies(), *_amounts()])


def _latencies() -> list[PanelBuilder]:
    return [
        lines(
            "Append",
            Query(quantile(0.5, "crosshook_append_seconds", "region"), "{{region}} p50"),
            Query(f"region:crosshook_append_seconds:p99_rate1m{{{CHOSEN}}}", "{{region}} p99"),
            unit=units.Seconds,
            columns=6,
            description="One sync to disk for a whole batch. If it grows, check the disks of that region's NATS.",
        ),
        lines(
            "Ship (p99)",
            Query(quantile(0.99, "crosshook_ship_seconds", "region", "origin"), "{{origin}} to {{region}}"),
            unit=units.Seconds,
            columns=6,
            description="""
                From the clock of the event's author to the copy: one way between the regions, and a sync. Differences
                between clocks are included.
            """,
        ),
        lines(
            "Apply (p99)",
            Query(quantile(0.99, "crosshook_apply_seconds", "region", "origin"), "script, {{origin}} in {{region}}"),
            Query(quantile(0.99, "crosshook_apply_age_seconds", "region", "origin"), "age, {{origin}} in {{region}}"),
            unit=units.Seconds,
            columns=6,
            description="""
                "script" is Redis alone, for a whole batch. "age" is all the time since the author's clock. If only the
                age grows, the network is slow. If both grow and batches do not, that Redis is slow.
            """,
        ),
        lines(
            "Acknowledge (p99)",
            Query(quantile(0.99, "crosshook_acknowledge_seconds", "region", "of"), "{{of}} to {{region}}"),
            unit=units.Seconds,
            columns=6,
            description="The wait of all_regions after the append. Callers wait for the slowest region.",
        ),
    ]


def _amounts() -> list[PanelBuilder]:
    return [
        lines(
            "Events appended, shipped, applied",
            Query(rate("crosshook_appended_events_total", "region"), "appended in {{region}}"),
            Query(rate("crosshook_shipped_events_total", "region"), "shipped to {{region}}"),
            Query(rate("crosshook_applied_events_total", "region"), "applied in {{region}}"),
            unit=units.EventsPerSecond,
            columns=6,
            description="""
                A region applies the events of all regions, and ships those of the others. If it applies more for long,
                it rebuilds. If it applies fewer, its lag grows.
            """,
        ),
        lines(
            "Events in a batch (mean)",
            Query(mean("crosshook_append_batch_events", "region"), "appended in {{region}}"),
            Query(mean("crosshook_ship_batch_events", "region"), "shipped to {{region}}"),
            Query(mean("crosshook_apply_batch_events", "region"), "applied in {{region}}"),
            unit=units.Short,
            columns=6,
            description="Batches grow with the load and keep latencies flat. Large batches without load are a backlog.",
        ),
        lines(
            "Attempts to append",
            Query(rate("crosshook_appends_total", "region", "outcome"), "{{region}} {{outcome}}"),
            unit=units.OpsPerSecond,
            columns=6,
            description="""
                place_taken: another service was faster, which costs a round trip. unanswered: the log is in trouble.
            """,
        ),
        lines(
            "All services write frames",
            Query(f"min by (region) (crosshook_writes_frames{{{CHOSEN}}})", "{{region}}"),
            unit=units.Short,
            columns=6,
            description="1: each batch is one message. 0: some process still writes messages of one event.",
        ),
    ]

"""What needs an operator, and what has to catch up."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import NOT_ONE, PanelBuilder, Query, Row, history, lines
from deploy.grafana.queries import CHOSEN, or_zero, rate


def halts() -> Row:
    """Halted origins, lost connections, projections that are rebuilt."""
    return Row("Halts, connections, rebuilds", [*_halts_and_connections(), *_rebuilds_and_callers()])


def _halts_and_connections() -> list[PanelBuilder]:
    halted = f"max by (region, step, origin, reason) (crosshook_halted{{{CHOSEN}}})"
    waits = f"max by (region, step, origin, reason) (crosshook_waiting{{{CHOSEN}}})"
    return [
        history(
            "Halted origins",
            Query(f"region:crosshook_halted:count{{{CHOSEN}}}", "{{region}}"),
            unit=units.NoUnit,
            levels=NOT_ONE,
            columns=6,
            description="""
                How many origins a region has halted. It receives no more of their events until an operator has repaired
                the cause.
            """,
        ),
        lines(
            "Which origin is halted where, and why",
            Query(
                or_zero(halted, where_there_is="crosshook_projection_current"),
                "{{region}} {{step}} {{origin}} {{reason}}",
            ),
            unit=units.NoUnit,
            columns=6,
            description="""
                1 while it is halted. A region alone, without an origin, has halted none. docs/operations/recovery.md
                explains each reason.
            """,
        ),
        lines(
            "Which step waits where, and why",
            Query(
                or_zero(waits, where_there_is="crosshook_projection_current"),
                "{{region}} {{step}} {{origin}} {{reason}}",
            ),
            unit=units.NoUnit,
            columns=6,
            description="""
                1 while the step cannot continue and tries again. A moment is harmless. If it lasts for minutes, look at
                /readyz of a replicator there.
            """,
        ),
        history(
            "Without a connection",
            Query(f"1 - region_job_to:crosshook_connected:max{{{CHOSEN}}}", "{{region}} {{job}} to {{to}}"),
            unit=units.NoUnit,
            levels=NOT_ONE,
            columns=6,
            description="""
                1 if no process of a region has a connection to a NATS. From one region to all others: the region is cut
                off. From all regions to one: its NATS is down.
            """,
        ),
    ]


def _rebuilds_and_callers() -> list[PanelBuilder]:
    closed = rate("crosshook_connections_closed_total", "region", "reason")
    return [
        history(
            "Projection not current",
            Query(f"1 - max by (region) (crosshook_projection_current{{{CHOSEN}}})", "{{region}}"),
            unit=units.NoUnit,
            levels=NOT_ONE,
            columns=8,
            description="1 while a region rebuilds its projection, or cannot read it, and returns 503.",
        ),
        lines(
            "Rebuild: messages still missing",
            Query(
                f"max by (region, origin) (crosshook_rebuild_missing_events{{{CHOSEN}}})", "{{origin}} in {{region}}"
            ),
            unit=units.Short,
            columns=8,
            description="At 0 the region serves again. If it does not fall, look at /readyz of a replicator there.",
        ),
        lines(
            "HTTP connections closed, by limit",
            Query(or_zero(closed, where_there_is="crosshook_connected"), "{{region}} {{reason}}"),
            unit=units.CountsPerSecond,
            columns=8,
            description="""
                Closed because clients are too slow, too many or too large. A few are normal. Many come from one client.
            """,
        ),
    ]

"""Whether anything is wrong."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import NOT_ONE, SECONDS_BEHIND, Levels, Query, Row, figure


def glance() -> Row:
    """Six numbers, green if all is well. They are of all regions, whichever are chosen."""
    return Row(
        "At a glance",
        [
            figure(
                "Alerts",
                Query('count(ALERTS{alertstate="firing", alertname=~"Crosshook.*"}) or vector(0)', "firing"),
                unit=units.NoUnit,
                levels=NOT_ONE,
                columns=4,
                description="Alerts that fire now. Each has a section in docs/operations/alerts.md.",
            ),
            figure(
                "Processes that do not answer",
                Query('sum(1 - up{job=~"crosshook-(service|replicator)"})', "processes"),
                unit=units.NoUnit,
                levels=NOT_ONE,
                columns=4,
                description="""
                    This page shows nothing of these processes. If one of several in a region is gone, that is no
                    outage.
                """,
            ),
            figure(
                "Halted origins",
                Query("sum(region:crosshook_halted:count)", "halted"),
                unit=units.NoUnit,
                levels=NOT_ONE,
                columns=4,
                description="""
                    Counted once for each region that halted one. Above 0, an operator must look: see the row on halts.
                """,
            ),
            figure(
                "Regions that are not current",
                Query("sum(1 - max by (region) (crosshook_projection_current))", "regions"),
                unit=units.NoUnit,
                levels=NOT_ONE,
                columns=4,
                description="These regions return 503 and rebuild. The row on rebuilds shows their progress.",
            ),
            figure(
                "Worst lag",
                Query("max(behind_origin:crosshook_lag_seconds:max)", "lag"),
                unit=units.Seconds,
                levels=SECONDS_BEHIND,
                columns=4,
                description="Age of the oldest event that a region has not applied. Below a second, all is well.",
            ),
            figure(
                "Requests that wait",
                Query("sum(crosshook_requests_waiting)", "requests"),
                unit=units.Short,
                levels=Levels(doubtful=1_000, bad=8_000),
                columns=4,
                description="If there are many at once, they wait for a region that is slow or cut off.",
            ),
        ],
    )

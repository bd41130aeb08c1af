"""Whether anything is wrong."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import NOT_ONE, SECONDS_BEHIND, Levels, Query, Row, figure


def glance() -> Row:
    """Six numbers, green where all is well. They are of all regions, whichever are chosen."""
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
                description="Nothing on this page is of them. One of several in a region is no outage.",
            ),
            figure(
                "Halted origins",
                Query("sum(region:crosshook_halted:count)", "halted"),
                unit=units.NoUnit,
                levels=NOT_ONE,
                columns=4,
                description="Once for each halting region. Unless 0, an operator must look: see the row on halts.",
            ),
            figure(
                "Regions that are not current",
                Query("sum(1 - max by (region) (crosshook_projection_current))", "regions"),
                unit=units.NoUnit,
                levels=NOT_ONE,
                columns=4,
                description="They answer 503 and rebuild. The row on rebuilds says how far they are.",
            ),
            figure(
                "Worst lag",
                Query("max(behind_origin:crosshook_lag_seconds:max)", "lag"),
                unit=units.Seconds,
                levels=SECONDS_BEHIND,
                columns=4,
                description="Age of the oldest event that some region has not applied. All is well below a second.",
            ),
            figure(
                "Requests that wait",
                Query("sum(crosshook_requests_waiting)", "requests"),
                unit=units.Short,
                levels=Levels(doubtful=1_000, bad=8_000),
                columns=4,
                description="Many at once mean that a region that they wait for is slow or cut off.",
            ),
        ],
    )

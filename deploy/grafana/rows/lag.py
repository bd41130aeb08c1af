"""How far each region is behind each origin."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import SECONDS_BEHIND, Query, Row, history, lines, matrix

_SECONDS = 'behind_origin:crosshook_lag_seconds:max{behind=~"$region"}'
_EVENTS = 'behind_origin:crosshook_lag_events:max{behind=~"$region"}'
_AGES = 'region_of:crosshook_announcement_age_seconds:min{region=~"$region"}'


def lag() -> Row:
    """The lag now, and its past."""
    return Row(
        "Lag",
        [
            matrix(
                "Lag now: each region behind each origin",
                _SECONDS,
                rows="behind",
                across="origin",
                unit=units.Seconds,
                levels=SECONDS_BEHIND,
                columns=8,
                description="""
                    A red row: the region applies nothing, because it is cut off, halted or rebuilding. A red column: no
                    region gets the origin's events, so the fault is at the origin. An empty cell: no region knows this
                    lag.
                """,
            ),
            history(
                "Lag over time",
                Query(_SECONDS, "{{behind}} behind {{origin}}"),
                unit=units.Seconds,
                levels=SECONDS_BEHIND,
                columns=16,
                description="When a lag began, and for which pairs. Pairs that turn red together have one cause.",
            ),
            lines(
                "Events not applied",
                Query(_EVENTS, "{{behind}} behind {{origin}}"),
                unit=units.Short,
                columns=12,
                description="""
                    A steady slope: the region applies nothing. A slope that flattens: the region cannot keep up. After
                    a heal it falls within seconds.
                """,
            ),
            lines(
                "Since a region was last heard",
                Query(_AGES, "{{region}} heard {{of}}"),
                unit=units.Seconds,
                columns=12,
                description="""
                    Normally about a quarter of a second. If the line climbs, the region is cut off or has no
                    replicator.
                """,
            ),
        ],
    )

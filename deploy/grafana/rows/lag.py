"""How far each region is behind each origin."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import SECONDS_BEHIND, Query, Row, history, lines, matrix

_SECONDS = 'behind_origin:crosshook_lag_seconds:max{behind=~"$region"}'
_EVENTS = 'behind_origin:crosshook_lag_events:max{behind=~"$region"}'
_AGES = 'region_of:crosshook_announcement_age_seconds:min{region=~"$region"}'


def lag() -> Row:
    """Now, and since when."""
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
                    A red row is a region that does not apply: it is cut off, halted or rebuilding. A red column is an
                    origin that reaches no region: the fault is there. An empty cell is not known in any region.
                """,
            ),
            history(
                "Lag over time",
                Query(_SECONDS, "{{behind}} behind {{origin}}"),
                unit=units.Seconds,
                levels=SECONDS_BEHIND,
                columns=16,
                description="When it began, and for which pairs: what turns red together has one cause.",
            ),
            lines(
                "Events not applied",
                Query(_EVENTS, "{{behind}} behind {{origin}}"),
                unit=units.Short,
                columns=12,
                description="""
                    A steady slope is a region that applies nothing; one that flattens is a region that cannot keep up.
                    After a heal it falls within seconds.
                """,
            ),
            lines(
                "Since a region was last heard",
                Query(_AGES, "{{region}} heard {{of}}"),
                unit=units.Seconds,
                columns=12,
                description="""
                    About a quarter of a second. A line that climbs is a region that is cut off or has no replicator.
                """,
            ),
        ],
    )

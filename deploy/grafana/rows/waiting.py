"""The requests that wait, and the regions that they wait for."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import Query, Row, lines
from deploy.grafana.queries import CHOSEN


def waiting() -> Row:
    """Requests that have not been answered yet, and the regions that some of them need."""
    active = f"crosshook_region_active{{{CHOSEN}}}"
    return Row(
        "Waiting",
        [
            lines(
                "Requests that wait, by what for",
                Query(f"sum by (level) (crosshook_requests_waiting{{{CHOSEN}}})", "{{level}}"),
                unit=units.Short,
                columns=6,
                description="A plateau under steady load is the distance. A climb is a region that does not answer.",
            ),
            lines(
                "Which region they wait for",
                Query(f"sum by (region, of) (crosshook_waiting_for{{{CHOSEN}}})", "{{region}} waits for {{of}}"),
                unit=units.Short,
                columns=6,
                description="What all_regions requests wait for now. One that waits for two regions counts twice.",
            ),
            lines(
                "Which regions all_regions waits for",
                Query(f"sum by (of) ({active}) / count by (of) ({active})", "{{of}}"),
                unit=units.PercentUnit,
                columns=6,
                description="""
                    The share of the services that have it as active. At 0 it is joining or retired, and its lag and
                    silence raise no alarm; in between, a change of the topology is under way.
                """,
            ),
            lines(
                "Requests in flight",
                Query(f"sum by (region) (crosshook_requests_in_flight{{{CHOSEN}}})", "{{region}}"),
                unit=units.Short,
                columns=6,
                description="A process that has CROSSHOOK_REQUESTS_MAX of them answers one more with a 503.",
            ),
        ],
    )

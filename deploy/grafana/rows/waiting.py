"""The requests that wait, and the regions that they wait for."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import Query, Row, lines
from deploy.grafana.queries import CHOSEN


def waiting() -> Row:
    """Requests without a response yet, and the regions that some of them need."""
    active = f"crosshook_region_active{{{CHOSEN}}}"
    return Row(
        "Waiting",
        [
            lines(
                "Requests that wait, by level",
                Query(f"sum by (level) (crosshook_requests_waiting{{{CHOSEN}}})", "{{level}}"),
                unit=units.Short,
                columns=5,
                description="""
                    Under steady load it is a plateau, because of the distance. If it climbs, a region does not answer.
                """,
            ),
            lines(
                "Which region they wait for",
                Query(f"sum by (region, of) (crosshook_waiting_for{{{CHOSEN}}})", "{{region}} waits for {{of}}"),
                unit=units.Short,
                columns=5,
                description="""
                    The regions that all_regions requests wait for now. A request that waits for two regions counts
                    twice.
                """,
            ),
            lines(
                "Which regions all_regions waits for",
                Query(f"sum by (of) ({active}) / count by (of) ({active})", "{{of}}"),
                unit=units.PercentUnit,
                columns=5,
                description="""
                    The share of the services that count the region as active. At 0 it is joining or retired, and its
                    lag and silence raise no alert. In between, the topology is being changed.
                """,
            ),
            lines(
                "Requests in flight",
                Query(f"sum by (region) (crosshook_requests_in_flight{{{CHOSEN}}})", "{{region}}"),
                unit=units.Short,
                columns=5,
                description="A process with CROSSHOOK_REQUESTS_MAX of them returns 503 for the next one.",
            ),
            lines(
                "Bytes of unfinished requests",
                Query(f"sum by (region) (crosshook_buffered_bytes{{{CHOSEN}}})", "{{region}}"),
                unit=units.BytesIEC,
                columns=4,
                description="A process with CROSSHOOK_BUFFERED_BYTES_MAX of them returns 503 for the next one.",
            ),
        ],
    )

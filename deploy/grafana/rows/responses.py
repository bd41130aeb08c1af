"""The responses that callers get, and how long they take."""

from grafana_foundation_sdk.models import units

from deploy.grafana.panels import Query, Row, lines, spread
from deploy.grafana.queries import CHOSEN, buckets, quantile, rate

_OF_CALLERS = f'route!~"(GET|HEAD) /(livez|readyz|metrics|schema.*|dashboard.*)", {CHOSEN}'


def responses() -> Row:
    """Time to success by level, and the other responses."""
    return Row(
        "Responses",
        [
            lines(
                "Time to success by level",
                Query(quantile(0.5, "crosshook_write_seconds", "level"), "{{level}} p50"),
                Query(quantile(0.99, "crosshook_write_seconds", "level"), "{{level}} p99"),
                unit=units.Seconds,
                columns=8,
                description="""
                    all_regions takes little more than the round trip to the farthest region, local_region milliseconds.
                    Requests that timed out are not included: look at the share of 408 as well.
                """,
            ),
            lines(
                "Time to success by region (p99)",
                Query(f"region_level:crosshook_write_seconds:p99_rate1m{{{CHOSEN}}}", "{{region}} {{level}}"),
                unit=units.Seconds,
                columns=8,
                description="""
                    A region above the others for local_region has a slow disk or too little processor time. For
                    all_regions it is the farthest from the others.
                """,
            ),
            spread(
                "Time to success of all_regions",
                buckets("crosshook_write_seconds", where='level="all_regions"'),
                columns=8,
                description="""
                    A band for each distance. A band that moves up shows a slow link. A band that widens shows a slow
                    region.
                """,
            ),
            lines(
                "Writes answered 408",
                Query(f"region_level:crosshook_writes_late:ratio_rate1m{{{CHOSEN}}}", "{{region}} {{level}}"),
                unit=units.PercentUnit,
                columns=8,
                description="""
                    The share of the writes at a level. If only all_regions is late, a region is missing: see the row
                    "Waiting". If local_region is late too, the cause is this region's own log or replicator.
                """,
            ),
            lines(
                "Requests answered 503",
                Query(f"region:crosshook_requests_unavailable:ratio_rate1m{{{CHOSEN}}}", "{{region}}"),
                unit=units.PercentUnit,
                columns=8,
                description="""
                    The share of all requests. Nothing was handed to the log: repeat them, here or in another region.
                """,
            ),
            lines(
                "Responses by status",
                Query(rate("crosshook_http_requests_total", "status", where=_OF_CALLERS), "{{status}}"),
                unit=units.RequestsPerSecond,
                columns=8,
                description="""
                    429: an organization has too many requests in flight. A 5xx other than 503 is a fault of crosshook.
                """,
            ),
        ],
    )

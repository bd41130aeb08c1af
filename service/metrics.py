"""What the service counts."""

from prometheus_client import Counter, Gauge

APPENDED = Counter("crosshook_appended_events_total", "Events appended to this region's own log by this process")
APPENDS = Counter("crosshook_appends_total", "Attempts to append a batch, by what became of them", ["outcome"])
REQUESTS = Counter("crosshook_requests_total", "Answered requests", ["method", "status"])
IN_FLIGHT = Gauge("crosshook_requests_in_flight", "Requests that wait for their answer")

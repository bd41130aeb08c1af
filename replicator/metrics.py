"""What the replicator counts."""

from prometheus_client import Counter, Gauge

SHIPPED = Counter("crosshook_shipped_events_total", "Events appended to this region's copy of a log", ["origin"])
APPLIED = Counter("crosshook_applied_events_total", "Events applied to this region's projection", ["origin"])
WATERMARK = Gauge("crosshook_watermark_sequence", "Highest sequence applied here, with all below it", ["origin"])
HALTED = Gauge("crosshook_halted", "1 while an origin is halted in this region", ["step", "origin"])
CURRENT = Gauge("crosshook_projection_current", "1 while this region's projection is current")

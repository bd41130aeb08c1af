"""What the two processes do alike: read settings, log, serve HTTP and drain. It knows nothing of events (ADR 3)."""

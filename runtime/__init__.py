"""The code that both processes share: settings, logs, HTTP and draining. It knows nothing of events (ADR 3)."""

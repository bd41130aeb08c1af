"""The configuration of Prometheus: targets, recording rules, and alerts for an operator."""

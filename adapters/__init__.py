"""The only code that talks to NATS and Redis. It makes no decisions."""

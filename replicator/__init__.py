"""The replicator process: it ships remote logs into copies, applies every log to Redis, and announces how far it is."""

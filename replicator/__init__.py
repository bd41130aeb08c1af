"""The projection process: ship remote logs into copies, apply every log to Redis, announce how far it is."""

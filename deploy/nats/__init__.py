"""The configuration of a region's NATS servers: JetStream, TLS, the cluster and the permissions (ADR 15)."""

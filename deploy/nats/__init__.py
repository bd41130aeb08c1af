"""What a region's NATS servers are told: JetStream, TLS, the cluster, and who may do what (ADR 15)."""

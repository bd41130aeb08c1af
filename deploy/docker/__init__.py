"""Three regions as containers, each in a network of its own: what `docker-compose.yml` has besides itself (ADR 16)."""

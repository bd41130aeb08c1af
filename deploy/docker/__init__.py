"""Three regions as containers, each in a network of its own: the code that `docker-compose.yml` needs (ADR 16)."""

"""The Grafana dashboard: code makes it, and provisioning files let Grafana find it."""

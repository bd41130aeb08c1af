"""What Grafana shows of crosshook: a dashboard made by code, and how Grafana finds it."""

"""The rows of the dashboard, one module each. docs/metrics.md explains each metric."""

from deploy.grafana.panels import Row
from deploy.grafana.rows.glance import glance
from deploy.grafana.rows.halts import halts
from deploy.grafana.rows.lag import lag
from deploy.grafana.rows.processes import processes
from deploy.grafana.rows.responses import responses
from deploy.grafana.rows.steps import steps
from deploy.grafana.rows.waiting import waiting


def rows() -> list[Row]:
    """The rows: first whether anything is wrong, then why."""
    return [glance(), lag(), responses(), steps(), waiting(), halts(), processes()]

"""The rows of the dashboard, one module each. docs/metrics.md explains each metric."""

from deploy.grafana.panels import Row
from deploy.grafana.rows.answers import answers
from deploy.grafana.rows.glance import glance
from deploy.grafana.rows.halts import halts
from deploy.grafana.rows.lag import lag
from deploy.grafana.rows.processes import processes
from deploy.grafana.rows.steps import steps
from deploy.grafana.rows.waiting import waiting


def rows() -> list[Row]:
    """From whether anything is wrong to why."""
    return [glance(), lag(), answers(), steps(), waiting(), halts(), processes()]

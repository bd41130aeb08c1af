"""The whole dashboard, and the text that Grafana reads."""

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, QueryVariable
from grafana_foundation_sdk.builders.dashboard import Row as RowBuilder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, VariableOption, VariableRefresh, VariableSort

from deploy.grafana.panels import DATASOURCE
from deploy.grafana.rows import rows

FILE: Final = Path(__file__).parent / "dashboards" / "crosshook.json"


def dashboard() -> Dashboard:
    """The dashboard for operators: the first row shows whether something is wrong, the others show where."""
    everything = VariableOption(selected=True, text="All", value="$__all")
    page = (
        Dashboard("crosshook")
        .uid("crosshook")
        .description(
            "Replication between regions: how far each is behind, what callers get, and what requests wait for."
        )
        .tags(["crosshook"])
        .time("now-30m", "now")
        .refresh("10s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(
            QueryVariable("region")
            .label("Region")
            .datasource(DATASOURCE)
            .query('label_values(up{job="crosshook-service"}, region)')
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(VariableSort.ALPHABETICAL_ASC)
            .multi(multi=True)
            .include_all(include_all=True)
            .all_value(".*")
            .current(everything)
        )
    )
    for number, row in enumerate(rows()):
        page.with_row(RowBuilder(row.title).id(100 * number + 100))
        for place, panel in enumerate(row.panels, start=1):
            built = panel.build()
            built.id_val = 100 * number + 100 + place
            page.with_panel(panel)
    return page


def text() -> str:
    """The content of `FILE`: the same for the same code."""
    return json.dumps(dashboard().build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"

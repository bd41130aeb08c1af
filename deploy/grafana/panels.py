"""The kinds of panels in the dashboard."""

from typing import Final, NamedTuple, TypeAlias, TypeVar

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, statushistory, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, units
from grafana_foundation_sdk.models import heatmap as heatmap_models
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    FieldColorModeId,
    Panel,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

PanelBuilder: TypeAlias = Builder[Panel]
_Panel = TypeVar("_Panel", timeseries.Panel, stat.Panel, table.Panel, statushistory.Panel, heatmap.Panel)

DATASOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
_HEIGHT = 8
_LOW = 4


class Query(NamedTuple):
    """A query to Prometheus, and the name of each series in its result, with labels as `{{label}}`."""

    expression: str
    legend: str


class Levels(NamedTuple):
    """The values from which on a figure is doubtful or bad. Below both it is good."""

    doubtful: float
    bad: float


NOT_ONE: Final = Levels(doubtful=1, bad=1)
SECONDS_BEHIND: Final = Levels(doubtful=1, bad=5)


class Row(NamedTuple):
    """A theme and its panels, from left to right. Panels that do not fit go to the next line."""

    title: str
    panels: list[PanelBuilder]


def lines(title: str, *queries: Query, unit: str, columns: int, description: str) -> PanelBuilder:
    """Values over time, from 0 on."""
    legend = (
        common_builders.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(show_legend=True)
        .calcs(["lastNotNull", "max"])
    )
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    panel = (
        _begun(timeseries.Panel(), title, description, columns=columns)
        .unit(unit)
        .min(0)
        .legend(legend)
        .tooltip(tooltip)
        .fill_opacity(8)
        .show_points(common.VisibilityMode.NEVER)
    )
    for index, query in enumerate(queries):
        panel.with_target(_target(query, index).range())
    return panel


def figure(title: str, query: Query, *, unit: str, levels: Levels, columns: int, description: str) -> PanelBuilder:
    """One present number."""
    return (
        _begun(stat.Panel(), title, description, columns=columns, height=_LOW)
        .unit(unit)
        .thresholds(_thresholds(levels))
        .color_mode(common.BigValueColorMode.BACKGROUND)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(_target(query).instant())
    )


def matrix(
    title: str, expression: str, *, rows: str, across: str, unit: str, levels: Levels, columns: int, description: str
) -> PanelBuilder:
    """The present value for each pair of the labels `rows` and `across`."""
    grouping = {"rowField": rows, "columnField": across, "valueField": "Value"}
    return (
        _begun(table.Panel(), title, description, columns=columns)
        .unit(unit)
        .thresholds(_thresholds(levels))
        .cell_options(common.TableColoredBackgroundCellOptions(mode=common.TableCellBackgroundDisplayMode.BASIC))
        .with_target(_target(Query(expression, "")).instant().format(PromQueryFormat.TABLE))
        .with_transformation(DataTransformerConfig(id_val="groupingToMatrix", options=grouping))
    )


def history(title: str, query: Query, *, unit: str, levels: Levels, columns: int, description: str) -> PanelBuilder:
    """A row of coloured cells over time for each series."""
    return (
        _begun(statushistory.Panel(), title, description, columns=columns)
        .unit(unit)
        .thresholds(_thresholds(levels))
        .color_scheme(dashboard_builders.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .show_value(common.VisibilityMode.AUTO)
        # More cells than this are too narrow to see.
        .max_data_points(100)
        .with_target(_target(query).range())
    )


def spread(title: str, expression: str, *, columns: int, description: str) -> PanelBuilder:
    """How many values fell into each bucket of a histogram in seconds, over time."""
    color = heatmap.HeatmapColorOptions().mode(heatmap_models.HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    return (
        _begun(heatmap.Panel(), title, description, columns=columns)
        .color(color)
        .calculate(calculate=False)
        .y_axis(heatmap.YAxisConfig().unit(units.Seconds))
        .with_target(_target(Query(expression, "{{le}}")).range().format(PromQueryFormat.HEATMAP))
    )


def _begun(panel: _Panel, title: str, description: str, *, columns: int, height: int = _HEIGHT) -> _Panel:
    """The settings that every panel has."""
    panel.title(title).description(" ".join(description.split())).datasource(DATASOURCE)
    panel.height(height).span(columns)
    return panel


def _target(query: Query, index: int = 0) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id("ABCDEFGH"[index])


def _thresholds(levels: Levels) -> dashboard_builders.ThresholdsConfig:
    colors = [Threshold(color="green"), Threshold(levels.doubtful, "yellow"), Threshold(levels.bad, "red")]
    return dashboard_builders.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(colors)

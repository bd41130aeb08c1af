"""The dashboard is what the code makes, says what to look for, and asks for nothing that does not exist."""

import re
from collections.abc import Iterator

import msgspec
import pytest

from deploy.grafana.dashboard import FILE, text
from tests.rules import DOCUMENTED, ROOT, metrics_in

COLUMNS = 24


class Place(msgspec.Struct, frozen=True):
    """Where a panel is, and how large."""

    x: int
    y: int
    w: int
    h: int


class Defaults(msgspec.Struct):
    """How a panel shows a value."""

    unit: str = ""


class FieldConfig(msgspec.Struct):
    """How a panel shows its values."""

    defaults: Defaults


class Target(msgspec.Struct):
    """A query."""

    expr: str
    ref_id: str = msgspec.field(name="refId")


class Panel(msgspec.Struct):
    """A panel, or the heading of a row."""

    id: int
    type: str
    title: str
    place: Place = msgspec.field(name="gridPos")
    description: str = ""
    field_config: FieldConfig | None = msgspec.field(default=None, name="fieldConfig")
    targets: list[Target] = []


class Dashboard(msgspec.Struct):
    """As much of Grafana's format as is looked at here."""

    uid: str
    panels: list[Panel]


class Provider(msgspec.Struct):
    """Where Grafana looks for dashboards."""

    type: str
    options: dict[str, str]


class Providers(msgspec.Struct):
    """A file that Grafana is provisioned with."""

    providers: list[Provider]


class Source(msgspec.Struct):
    """What Grafana asks."""

    uid: str
    type: str
    url: str
    is_default: bool = msgspec.field(name="isDefault")


class Sources(msgspec.Struct):
    """A file that Grafana is provisioned with."""

    datasources: list[Source]


DASHBOARD = msgspec.json.decode(FILE.read_bytes(), type=Dashboard)
PANELS = [panel for panel in DASHBOARD.panels if panel.type != "row"]


def cells(place: Place) -> Iterator[tuple[int, int]]:
    return ((x, y) for x in range(place.x, place.x + place.w) for y in range(place.y, place.y + place.h))


def test_the_file_is_what_the_code_makes() -> None:
    assert FILE.read_text() == text(), "run: python -m deploy.grafana"


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_has_a_unit_a_query_and_a_sentence_on_what_to_look_for(panel: Panel) -> None:
    assert panel.targets
    assert len({target.ref_id for target in panel.targets}) == len(panel.targets)
    assert re.fullmatch(r"[^\s].{30,}\.", panel.description)
    # A heat map has the unit on its axis.
    assert panel.type == "heatmap" or (panel.field_config is not None and panel.field_config.defaults.unit)


def test_panels_fill_their_rows_and_none_lies_on_another() -> None:
    taken = [cell for panel in DASHBOARD.panels for cell in cells(panel.place)]
    assert len(taken) == len(set(taken)) == COLUMNS * (1 + max(y for _, y in taken))
    assert len({panel.id for panel in DASHBOARD.panels}) == len(DASHBOARD.panels)


def test_every_documented_metric_is_shown_and_no_other_is_asked_for() -> None:
    shown = metrics_in(" ".join(target.expr for panel in PANELS for target in panel.targets))
    assert shown <= DOCUMENTED
    # Lag says what a watermark means.
    assert DOCUMENTED - shown == {"crosshook_watermark_sequence"}


def test_grafana_is_told_where_the_dashboards_are() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning" / "dashboards" / "crosshook.yml"
    (provider,) = msgspec.yaml.decode(provisioning.read_bytes(), type=Providers).providers
    assert provider.type == "file"
    assert provider.options == {"path": "${GRAFANA_DASHBOARDS}"}
    assert [path.name for path in FILE.parent.iterdir()] == [FILE.name]


def test_grafana_is_told_which_prometheus_to_ask() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
    (source,) = msgspec.yaml.decode(provisioning.read_bytes(), type=Sources).datasources
    assert (source.uid, source.type, source.is_default) == ("prometheus", "prometheus", True)
    assert source.url == "${GRAFANA_PROMETHEUS_URL}"
    assert "export GRAFANA_PROMETHEUS_URL=" in (ROOT / "docs" / "operations" / "alerts.md").read_text()

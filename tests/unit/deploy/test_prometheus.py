"""Prometheus gets its targets, documented metrics only, and alerts that are tested and explain what to do."""

import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from deploy.local.control.messages import ProcessStatus, RegionStatus
from deploy.prometheus.targets import TargetGroup, main, targets_of, write_targets
from tests.rules import ALERTS, DOCUMENTED, RECORDS, ROOT, Rule, metrics_in

TESTS = ROOT / "tests" / "prometheus"


class Case(msgspec.Struct):
    """One of an alert's or an expression's expectations."""

    alertname: str = ""
    expr: str = ""
    exp_alerts: list[object] = []


class Trial(msgspec.Struct):
    """Input, and the expected alerts and values."""

    alert_rule_test: list[Case] = []
    promql_expr_test: list[Case] = []


class Trials(msgspec.Struct):
    """A file of promtool's unit tests."""

    tests: list[Trial]


def trials(name: str) -> list[Trial]:
    return msgspec.yaml.decode((TESTS / name).read_bytes(), type=Trials).tests


def a_process(name: str, port: int) -> ProcessStatus:
    return ProcessStatus(name=name, url=f"http://127.0.0.1:{port}", pid=1)


def a_region(name: str, *, services: list[int], replicators: list[int]) -> RegionStatus:
    return RegionStatus(
        name=name,
        is_cut=False,
        topology="topology.toml",
        nats=[a_process("nats", 1)],
        redis=a_process("redis", 2),
        services=[a_process("service", port) for port in services],
        replicators=[a_process("replicator", port) for port in replicators],
    )


def test_every_process_is_a_target_of_its_job_labelled_with_its_region(tmp_path: Path) -> None:
    regions = [
        a_region("us-iowa", services=[8081, 8091], replicators=[9081]),
        a_region("asia-japan", services=[8082], replicators=[9082]),
    ]
    write_targets(tmp_path / "targets", targets_of(regions))
    written = {
        path.name: msgspec.json.decode(path.read_bytes(), type=list[TargetGroup])
        for path in (tmp_path / "targets").iterdir()
    }
    assert written == {
        "crosshook-service.json": [
            TargetGroup(targets=["127.0.0.1:8081", "127.0.0.1:8091"], labels={"region": "us-iowa"}),
            TargetGroup(targets=["127.0.0.1:8082"], labels={"region": "asia-japan"}),
        ],
        "crosshook-replicator.json": [
            TargetGroup(targets=["127.0.0.1:9081"], labels={"region": "us-iowa"}),
            TargetGroup(targets=["127.0.0.1:9082"], labels={"region": "asia-japan"}),
        ],
    }


def test_without_a_demo_nothing_is_written(tmp_path: Path) -> None:
    ended = CliRunner().invoke(main, ["--name", "not-here", "--directory", str(tmp_path / "targets")])
    assert ended.exit_code == 1
    assert "the demo named 'not-here' does not run" in ended.output
    assert not (tmp_path / "targets").exists()


def test_the_examples_match_the_configuration_of_prometheus() -> None:
    for path in (ROOT / "deploy" / "prometheus" / "examples").iterdir():
        groups = msgspec.json.decode(path.read_bytes(), type=list[TargetGroup])
        assert all(set(group.labels) == {"region"} and group.targets for group in groups)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.alert)
def test_an_alert_waits_has_a_severity_and_a_summary_and_its_runbook_is_there(alert: Rule) -> None:
    assert re.fullmatch(r"\d+[sm]", alert.for_)
    assert alert.labels["severity"] in ("warning", "critical")
    assert {"summary", "runbook"} == set(alert.annotations)
    page, _, anchor = alert.annotations["runbook"].partition("#")
    assert anchor == alert.alert.lower()
    assert f"\n### {alert.alert}\n" in (ROOT / page).read_text()


def test_the_list_of_alerts_has_each_of_them_with_its_severity() -> None:
    text = (ROOT / "docs" / "operations" / "alerts.md").read_text()
    rows = re.findall(r"^\| \[(\w+)\]\(#(\w+)\) \| (\w+) \| ", text, re.MULTILINE)
    assert sorted(rows) == sorted((alert.alert, alert.alert.lower(), alert.labels["severity"]) for alert in ALERTS)


def test_every_alert_is_seen_to_fire_and_to_be_silent() -> None:
    cases = [case for test in trials("alerts.test.yml") for case in test.alert_rule_test]
    names = {alert.alert for alert in ALERTS}
    assert {case.alertname for case in cases if case.exp_alerts} == names
    assert {case.alertname for case in cases if not case.exp_alerts} == names


def test_every_recorded_series_is_tried() -> None:
    expressions = " ".join(case.expr for test in trials("recording.test.yml") for case in test.promql_expr_test)
    assert not {record for record in RECORDS if record not in expressions}


@pytest.mark.parametrize("rule", [*RECORDS.values(), *ALERTS], ids=lambda rule: rule.record or rule.alert)
def test_a_rule_is_about_documented_metrics_only(rule: Rule) -> None:
    assert metrics_in(rule.expr) <= DOCUMENTED

"""promtool runs the unit tests of the rules, and these tests fail if the rules are wrong."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.rules import ALERTS as RULES

pytestmark = pytest.mark.prometheus

HERE = Path(__file__).parent
CONFIGURATION = HERE.parents[1] / "deploy" / "prometheus"
KUBERNETES = CONFIGURATION.parent / "kubernetes"
TESTS = sorted(HERE.glob("*.test.yml"))
ALERTS = [rule.alert for rule in RULES]
UNLESS = " unless "
THRESHOLD = re.compile(r"(?<=> )[\d.]+")

Rule = dict[str, Any]
Group = dict[str, Any]


def check(promtool: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [promtool, *arguments], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_the_configuration_and_its_rules_are_valid(promtool: Path, tmp_path: Path) -> None:
    shutil.copytree(CONFIGURATION / "rules", tmp_path / "rules")
    shutil.copytree(CONFIGURATION / "examples", tmp_path / "targets")
    shutil.copy(CONFIGURATION / "prometheus.yml", tmp_path)
    checked = check(promtool, "check", "config", "--lint-fatal", tmp_path / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout
    assert "WARNING" not in checked.stdout, checked.stdout


def test_a_cluster_is_scraped_by_a_valid_configuration(promtool: Path, tmp_path: Path) -> None:
    """Debian's Prometheus has no support for Kubernetes, so the search for pods is left out."""
    configuration = msgspec.yaml.decode((KUBERNETES / "prometheus.yml").read_bytes())
    for job in configuration["scrape_configs"]:
        assert [found["role"] for found in job.pop("kubernetes_sd_configs")] == ["pod"]
    directory = tmp_path / "kubernetes"
    directory.mkdir()
    (directory / "prometheus.yml").write_bytes(msgspec.yaml.encode(configuration))
    shutil.copytree(CONFIGURATION / "rules", tmp_path / "prometheus" / "rules")
    checked = check(promtool, "check", "config", "--lint-fatal", directory / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout
    assert f"{len(list((CONFIGURATION / 'rules').iterdir()))} rule files found" in checked.stdout


def test_the_rules_do_what_their_tests_say(promtool: Path) -> None:
    checked = check(promtool, "test", "rules", *TESTS)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_that_does_not_wait_fails_its_tests(promtool: Path, tmp_path: Path, alert: str) -> None:
    check_fails(promtool, spoil(tmp_path, alert, lambda rule: {**rule, "for": "0s"}), alert)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_that_never_fires_fails_its_tests(promtool: Path, tmp_path: Path, alert: str) -> None:
    def never(rule: Rule) -> Rule:
        return {**rule, "expr": f"({rule['expr']}) and vector(0) == 1"}

    check_fails(promtool, spoil(tmp_path, alert, never), alert)


@pytest.mark.parametrize(
    ("alert", "number"), [(rule.alert, number) for rule in RULES for number in range(rule.expr.count(UNLESS))]
)
def test_an_alert_without_one_of_its_exceptions_fails_its_tests(
    promtool: Path, tmp_path: Path, alert: str, number: int
) -> None:
    def stricter(rule: Rule) -> Rule:
        parts = rule["expr"].split(UNLESS)
        return {**rule, "expr": UNLESS.join(parts[: number + 1] + parts[number + 2 :])}

    check_fails(promtool, spoil(tmp_path, alert, stricter), alert)


@pytest.mark.parametrize("factor", [0.5, 2])
@pytest.mark.parametrize("alert", [rule.alert for rule in RULES if THRESHOLD.search(rule.expr)])
def test_an_alert_with_half_or_twice_its_threshold_fails_its_tests(
    promtool: Path, tmp_path: Path, alert: str, factor: float
) -> None:
    def other(rule: Rule) -> Rule:
        return {**rule, "expr": THRESHOLD.sub(lambda found: f"{float(found[0]) * factor:g}", rule["expr"])}

    check_fails(promtool, spoil(tmp_path, alert, other), alert)


def check_fails(promtool: Path, tests: Path, alert: str) -> None:
    checked = check(promtool, "test", "rules", tests)
    assert checked.returncode == 1, checked.stdout
    assert f"alertname: {alert}," in checked.stdout


def spoil(directory: Path, alert: str, change: Callable[[Rule], Rule]) -> Path:
    """Run the tests of one alert on rules in which it was changed."""
    rules = directory / "rules"
    shutil.copytree(CONFIGURATION / "rules", rules)
    document = msgspec.yaml.decode((rules / "alerts.yml").read_bytes(), type=dict[str, list[Group]])
    for group in document["groups"]:
        group["rules"] = [change(rule) if rule["alert"] == alert else rule for rule in group["rules"]]
    (rules / "alerts.yml").write_bytes(msgspec.yaml.encode(document))
    text = (HERE / "alerts.test.yml").read_text().replace("../../deploy/prometheus/rules", str(rules))
    head, *tests = text.split("\n  - name: ")
    about_it = [test for test in tests if re.search(rf"alertname: {alert}\b", test)]
    spoiled = directory / "alerts.test.yml"
    spoiled.write_text("\n  - name: ".join([head, *about_it]))
    return spoiled

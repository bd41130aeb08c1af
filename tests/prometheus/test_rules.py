"""The rules do what their unit tests say, by promtool; and these tests notice when they do not."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.prometheus

HERE = Path(__file__).parent
CONFIGURATION = HERE.parents[1] / "deploy" / "prometheus"
TESTS = sorted(HERE.glob("*.test.yml"))
ALERTS = re.findall(r"- alert: (\w+)", (CONFIGURATION / "rules" / "alerts.yml").read_text())


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


def test_the_rules_do_what_their_tests_say(promtool: Path) -> None:
    checked = check(promtool, "test", "rules", *TESTS)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_that_does_not_wait_fails_its_tests(promtool: Path, tmp_path: Path, alert: str) -> None:
    spoiled = spoil(tmp_path, rf"(alert: {alert}\n(?: {{8}}.*\n)*?) {{8}}for: \w+\n", r"\1")
    checked = check(promtool, "test", "rules", spoiled)
    assert checked.returncode == 1, checked.stdout
    assert f"alertname: {alert}," in checked.stdout


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_that_never_fires_fails_its_tests(promtool: Path, tmp_path: Path, alert: str) -> None:
    spoiled = spoil(tmp_path, rf"(alert: {alert}\n) {{8}}expr: (.*)\n", r"\1        expr: (\2) and vector(0) == 1\n")
    checked = check(promtool, "test", "rules", spoiled)
    assert checked.returncode == 1, checked.stdout
    assert f"alertname: {alert}," in checked.stdout


def spoil(directory: Path, pattern: str, replacement: str) -> Path:
    """The alerts' tests, on rules that had one thing changed."""
    rules = directory / "rules"
    shutil.copytree(CONFIGURATION / "rules", rules)
    alerts, changes = re.subn(pattern, replacement, (rules / "alerts.yml").read_text())
    assert changes == 1
    (rules / "alerts.yml").write_text(alerts)
    tests = directory / "alerts.test.yml"
    tests.write_text((HERE / "alerts.test.yml").read_text().replace("../../deploy/prometheus/rules", str(rules)))
    return tests

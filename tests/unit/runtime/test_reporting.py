import pytest
import structlog.testing
from prometheus_client import REGISTRY

from runtime import reporting
from runtime.health import Health, NotReady
from runtime.reminders import SAME_TROUBLE_SECONDS, Reminders
from runtime.reporting import report_connection, report_health


def connected() -> float | None:
    return REGISTRY.get_sample_value("crosshook_connected", {"to": "us-reporting"})


def test_each_change_of_a_connection_and_each_reason_without_one_is_logged_once() -> None:
    now = [0.0]
    report = report_connection("us-reporting", Reminders(lambda: now[0]))
    with structlog.testing.capture_logs() as lines:
        for why_not in ("refused", "refused", "no answer", None, None, "no answer"):
            report(why_not)
            assert connected() == (why_not is None)
            now[0] += SAME_TROUBLE_SECONDS
    assert [(line["event"], line["log_level"], line.get("why")) for line in lines] == [
        ("not connected", "warning", "refused"),
        ("not connected", "warning", "no answer"),
        ("connected", "info", None),
        ("not connected", "warning", "no answer"),
    ]
    assert {line["to"] for line in lines} == {"NATS of us-reporting"}


async def test_each_reason_to_wait_is_logged_once_and_so_is_readiness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reporting, "LOOK_SECONDS", 0.0)
    waits = Health("us-iowa", {NotReady.UNWRITABLE: "Redis of us-iowa to take writes: OOM"}, {}, waits=["to ship"])
    without_nats = Health("us-iowa", {NotReady.NATS: "NATS of us-iowa"}, {})
    well = Health("us-iowa", {}, {"asia-japan": "forked"})
    to_see = iter([well, waits, waits, without_nats, waits, well, well])
    with structlog.testing.capture_logs() as lines, pytest.raises(RuntimeError, match="StopIteration"):
        await report_health(lambda: next(to_see))
    assert [(line["event"], line.get("waiting_for")) for line in lines] == [
        ("not ready", ["Redis of us-iowa to take writes: OOM", "to ship"]),
        ("not ready", ["NATS of us-iowa"]),
        ("ready", None),
    ]


async def test_a_server_that_lacks_security_fixes_is_one_line_until_another_version_takes_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reporting, "LOOK_SECONDS", 0.0)
    older, old = (Health("us-iowa", {}, {}, outdated={"redis": f"Redis {version}"}) for version in ("6.2.9", "6.2.14"))
    waiting = Health("us-iowa", {NotReady.NATS: "NATS of us-iowa"}, {}, outdated={"redis": "Redis 6.2.14"})
    to_see = iter([older, older, old, waiting, old, Health("us-iowa", {}, {}), old])
    with structlog.testing.capture_logs() as lines, pytest.raises(RuntimeError, match="StopIteration"):
        await report_health(lambda: next(to_see))
    assert [
        (line["log_level"], line["server"], line["why"]) for line in lines if line["event"] == "server outdated"
    ] == [
        ("warning", "redis", "Redis 6.2.9"),
        ("warning", "redis", "Redis 6.2.14"),
        ("warning", "redis", "Redis 6.2.14"),
    ]

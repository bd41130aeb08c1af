import structlog.testing
from prometheus_client import REGISTRY

from runtime.reminders import SAME_TROUBLE_SECONDS, Reminders
from runtime.reporting import report_connection


def connected() -> float | None:
    return REGISTRY.get_sample_value("crosshook_connected", {"to": "us-reporting"})


def test_a_change_of_a_connection_is_said_once_and_so_is_each_reason_why_there_is_none() -> None:
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

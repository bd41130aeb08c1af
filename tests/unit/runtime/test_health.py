import pytest
from prometheus_client import REGISTRY

from runtime.health import Condition, Health, NotReady, expose_health

HALTED = {"us-iowa": "forked: another message stands at 7"}
OLD_REDIS = {"redis": "Redis 6.2.14 lacks security fixes"}
NO_NATS = {NotReady.NATS: "NATS of us-iowa"}


@pytest.mark.parametrize(
    ("health", "condition"),
    [
        (Health("us-iowa", {}, {}), Condition.READY),
        (Health("us-iowa", {}, HALTED), Condition.DEGRADED),
        (Health("us-iowa", {}, {}, waits=["to ship asia-japan: no answer"]), Condition.DEGRADED),
        (Health("us-iowa", {}, {}, outdated=OLD_REDIS), Condition.DEGRADED),
        (Health("us-iowa", NO_NATS, {}, outdated=OLD_REDIS), Condition.WAITING),
        (Health("us-iowa", NO_NATS, {}), Condition.WAITING),
        (Health("us-iowa", NO_NATS, {}, waits=["to ship asia-japan: no answer"]), Condition.WAITING),
        (Health("us-iowa", NO_NATS, HALTED), Condition.WAITING),
        (Health("us-iowa", {}, {}, is_draining=True), Condition.DRAINING),
        (Health("us-iowa", NO_NATS, HALTED, is_draining=True), Condition.DRAINING),
    ],
)
def test_the_condition_is_the_state_that_matters_most(health: Health, condition: Condition) -> None:
    assert health.condition is condition


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"crosshook_{name}", labels)


def test_the_metrics_report_whether_a_process_is_ready_and_for_which_reasons_it_is_not() -> None:
    health = Health("us-iowa", {}, HALTED)
    expose_health(lambda: health, servers=())
    assert gauge("ready") == 1
    assert {gauge("not_ready", reason=reason) for reason in NotReady} == {0}
    health = Health("us-iowa", {**NO_NATS, NotReady.PROJECTION: "the projection to be current"}, {})
    assert health.waiting_for == ["NATS of us-iowa", "the projection to be current"]
    assert gauge("ready") == 0
    assert {reason for reason in NotReady if gauge("not_ready", reason=reason)} == {NotReady.NATS, NotReady.PROJECTION}
    health = Health("us-iowa", {}, {}, is_draining=True)
    assert gauge("ready") == 0
    assert {gauge("not_ready", reason=reason) for reason in NotReady} == {0}


def test_a_metric_reports_each_kind_of_server_that_lacks_security_fixes_until_it_is_replaced() -> None:
    health = Health("us-iowa", {}, {}, outdated=OLD_REDIS)
    expose_health(lambda: health, servers=("nats", "redis"))
    assert (gauge("server_outdated", server="nats"), gauge("server_outdated", server="redis")) == (0, 1)
    assert (health.is_ready, gauge("ready")) == (True, 1)
    health = Health("us-iowa", {}, {})
    assert gauge("server_outdated", server="redis") == 0

import pytest

from runtime.health import Condition, Health

HALTED = {"us-iowa": "forked: another event stands at 7"}


@pytest.mark.parametrize(
    ("health", "condition"),
    [
        (Health("us-iowa", [], {}), Condition.READY),
        (Health("us-iowa", [], HALTED), Condition.DEGRADED),
        (Health("us-iowa", ["NATS of us-iowa"], {}), Condition.WAITING),
        (Health("us-iowa", ["NATS of us-iowa"], HALTED), Condition.WAITING),
        (Health("us-iowa", [], {}, is_draining=True), Condition.DRAINING),
        (Health("us-iowa", ["NATS of us-iowa"], HALTED, is_draining=True), Condition.DRAINING),
    ],
)
def test_the_one_word_for_it_is_what_matters_most(health: Health, condition: Condition) -> None:
    assert health.condition is condition

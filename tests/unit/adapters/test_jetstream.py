"""A leader's answer is current only if a majority has confirmed it lately."""

import pytest

from adapters.jetstream import Cluster, Replica


def led(*active_seconds: float) -> Cluster:
    return Cluster("leader", [Replica(active=int(seconds * 1e9)) for seconds in active_seconds])


@pytest.mark.parametrize(
    ("cluster", "is_followed"),
    [
        (led(), True),
        (led(0.5, 0.5), True),
        (led(0.5, 9), True),
        (led(9, 9), False),
        (led(1, 1), False),
        (led(0.5, 0.5, 9, 9), True),
        (led(0.5, 9, 9, 9), False),
    ],
)
def test_a_leader_is_followed_if_it_and_the_servers_that_it_heard_lately_are_a_majority(
    *, cluster: Cluster, is_followed: bool
) -> None:
    assert cluster.is_followed_within(1.0) is is_followed


def test_a_leader_with_other_servers_is_not_followed_before_it_can_have_heard_one() -> None:
    assert not led(0, 0).is_followed_within(0)
    assert led().is_followed_within(-0.25)

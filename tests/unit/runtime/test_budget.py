from runtime.budget import SHARES, Budget


def test_one_holder_has_a_share_and_all_together_the_budget() -> None:
    budget = Budget(SHARES * 10)
    assert budget.take(["a", b"key"], 10) is None
    assert [refusal.status for refusal in (budget.take(["a"], 1), budget.take(["b", b"key"], 1)) if refusal] == [
        429
    ] * 2
    assert [budget.take([str(number)], 10) for number in range(SHARES - 1)] == [None] * (SHARES - 1)
    refusal = budget.take(["b"], 1)
    assert refusal is not None
    assert (refusal.status, refusal.reason) == (503, "buffered_bytes")
    assert budget.held_bytes == SHARES * 10


def test_what_is_given_back_can_be_taken_again() -> None:
    budget = Budget(SHARES * 10)
    for _ in range(3):
        assert budget.take(["a", "b"], 10) is None
        budget.give_back(["a", "b"], 10)
    assert budget.held_bytes == 0


def test_a_refused_part_takes_nothing() -> None:
    budget = Budget(SHARES * 10)
    assert budget.take(["a"], 11) is not None
    assert budget.held_bytes == 0
    assert budget.take(["a"], 10) is None

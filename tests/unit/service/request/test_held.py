from service.request.held import Held


def test_everything_that_a_request_holds_is_released_once() -> None:
    held, given_back = Held(), list[str]()
    for name in ("a place", "a turn"):
        held.hold(name, given_back.append)
        assert name in held
    held.release()
    held.release()
    assert sorted(given_back) == ["a place", "a turn"]
    assert "a turn" not in held

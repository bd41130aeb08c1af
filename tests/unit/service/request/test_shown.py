"""A response shows what its use case had reached, whether it succeeded or was refused."""

from collections.abc import Callable

import pytest

from core.positions import Epoch, Mark, Position, Region, Sequence
from core.stamps import origin_code
from core.tokens import Place, Token
from service.request.shown import Progress, Refused, Shown

US, JP = Region("us-iowa"), Region("asia-japan")
NOW, OTHER = Epoch("now"), Epoch("other")
POSITION = Position(US, NOW, Sequence(9))


def vector(sequence: int, origin: Region = US) -> dict[Region, Mark]:
    return {origin: Mark(NOW, Sequence(sequence), "f")}


def at(sequence: int, origin: Region = US, epoch: Epoch = NOW) -> Token:
    return {origin_code(origin): Place(epoch, Sequence(sequence))}


def refused_after(asked: Token, *steps: Callable[[Progress], None]) -> Refused:
    """The refusal of a use case that fails after these steps."""

    def fails() -> None:
        with Progress(asked) as progress:
            for step in steps:
                step(progress)
            raise ValueError("why")

    with pytest.raises(Refused) as caught:
        fails()
    assert isinstance(caught.value.why, ValueError)
    assert caught.value.__cause__ is caught.value.why
    return caught.value


def catches_up(progress: Progress) -> None:
    progress.is_caught_up = True


def test_a_refusal_before_any_state_was_read_shows_nothing() -> None:
    assert refused_after(at(5)).shown is None


def test_a_response_shows_every_state_that_was_read() -> None:
    with Progress({}) as progress:
        progress.saw(vector(7))
        progress.saw(vector(3, JP))
        progress.saw(vector(6))
    assert progress.result("value") == ("value", Shown({**at(7), **at(3, JP)}))


def test_a_response_covers_the_token_of_its_request() -> None:
    assert refused_after(at(8), lambda progress: progress.saw(vector(7))).shown == Shown(at(8))


@pytest.mark.parametrize("is_caught_up", [True, False])
def test_the_epoch_of_a_token_counts_as_the_newer_one_until_it_was_checked(*, is_caught_up: bool) -> None:
    steps = [lambda progress: progress.saw(vector(7)), *([catches_up] if is_caught_up else [])]
    shown = refused_after(at(1, epoch=OTHER), *steps).shown
    assert shown == Shown(at(7) if is_caught_up else at(1, epoch=OTHER))


def test_a_state_without_events_has_no_token_whatever_the_request_had() -> None:
    """`Shown` without a token shows that the caller's key was checked."""
    assert refused_after(at(8), lambda progress: progress.saw({})).shown == Shown({})


def test_a_refused_write_shows_its_operation_and_its_place() -> None:
    def hands_over(progress: Progress) -> None:
        progress.saw(vector(7))
        progress.operation_id = "0190"

    assert refused_after({}, hands_over).shown == Shown(at(7), "0190", None)
    assert refused_after({}, hands_over, lambda progress: progress.wrote(POSITION)).shown == Shown(
        at(9), "0190", POSITION
    )


def test_an_exception_that_ends_the_process_is_not_a_refusal() -> None:
    with pytest.raises(KeyboardInterrupt), Progress({}):
        raise KeyboardInterrupt

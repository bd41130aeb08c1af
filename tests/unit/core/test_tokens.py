"""Tokens carry a vector from a response to the next request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from core.stamps import origin_code
from core.tokens import (
    TOKEN_CHARACTERS_MAX,
    InvalidToken,
    Place,
    highest,
    parse_token,
    render_token,
    token_at,
    token_of,
)

HERE, THERE = Region("us-iowa"), Region("asia-japan")
OLD, NEW = Epoch("k3v9x2"), Epoch("q7w1e4")

codes = st.integers(0, 2**24 - 1).map(lambda code: f"{code:06x}")
epochs = st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10).map(Epoch)
tokens = st.dictionaries(codes, st.builds(Place, epochs, st.integers(0, 2**48 - 1).map(Sequence)), max_size=10)


@given(tokens)
def test_a_token_reads_back_as_it_was_written_and_is_short_for_ten_regions(token: dict[str, Place]) -> None:
    text = render_token(token)
    assert parse_token(text) == token
    assert len(text) <= 269 <= TOKEN_CHARACTERS_MAX


@given(st.text(st.characters(codec="ascii"), max_size=600) | tokens.map(render_token), st.data())
def test_any_text_is_a_token_in_its_only_form_or_is_refused(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    for candidate in (text, text[:cut], text + "A", "1." + text):
        try:
            assert render_token(parse_token(candidate)) == candidate
        except InvalidToken:
            continue


@pytest.mark.parametrize("text", ["", "1", "0.", "2.AAAA", "1.A", "1.====", "1.5jrCCg", "1." + "A" * 600, "1.\u00e9"])
def test_a_text_that_is_not_a_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        parse_token(text)


def test_an_epoch_outside_ascii_is_refused_without_an_error() -> None:
    with pytest.raises(InvalidToken):
        parse_token("1.AAAAAf8AAAAAAAE")


def test_the_token_of_a_vector_names_what_has_been_applied() -> None:
    vector = {HERE: Mark(OLD, Sequence(7), "f"), THERE: BEGINNING}
    assert token_of(vector) == {origin_code(HERE): Place(OLD, Sequence(7))}
    assert token_at(Position(HERE, OLD, Sequence(7))) == token_of(vector)


def test_of_two_tokens_the_highest_has_both() -> None:
    old = {"a": Place(OLD, Sequence(5)), "b": Place(OLD, Sequence(1))}
    new = {"a": Place(OLD, Sequence(3)), "c": Place(OLD, Sequence(2))}
    both = {"a": Place(OLD, Sequence(5)), "b": Place(OLD, Sequence(1)), "c": Place(OLD, Sequence(2))}
    assert highest(old, new) == highest(new, old) == both


def test_if_epochs_differ_the_new_one_counts() -> None:
    before, after = {"a": Place(OLD, Sequence(9))}, {"a": Place(NEW, Sequence(3))}
    assert highest(before, after) == after
    assert highest(after, before) == before


def test_of_too_many_origins_the_new_ones_count_and_the_text_stays_short() -> None:
    long = Epoch("e" * 16)
    asked = {f"{number:06x}": Place(long, Sequence(2**48 - 1)) for number in range(10)}
    seen = {f"ffff{number:02x}": Place(long, Sequence(2**48 - 1)) for number in range(3)}
    merged = highest(asked, seen)
    assert len(merged) == 10
    assert merged.items() >= seen.items()
    assert parse_token(render_token(merged)) == merged
    for bad in ({**asked, **seen}, {"000000": Place(Epoch("e" * 17), Sequence(1))}):
        with pytest.raises(InvalidToken):
            parse_token(render_token(bad))

"""The text of metrics is rendered at most once a second."""

import pytest

from runtime.metrics_text import SharedText


class Scene:
    """A text that says how often it was rendered, and a clock that the test sets."""

    def __init__(self) -> None:
        self.now_seconds = 100.0
        self.rendered = 0
        self.fails = False
        self.text = SharedText(self.render, now_seconds=lambda: self.now_seconds)

    def render(self) -> bytes:
        self.rendered += 1
        if self.fails:
            raise ValueError(self.rendered)
        return str(self.rendered).encode()

    def read_at(self, seconds: float) -> bytes:
        self.now_seconds = seconds
        return self.text.read()


def test_readers_of_the_same_second_share_a_text_and_the_next_second_has_its_own() -> None:
    scene = Scene()
    assert [scene.read_at(seconds) for seconds in (100.0, 100.5, 100.999, 101.0, 101.9, 107.2)] == [
        *(b"1", b"1", b"1"),
        *(b"2", b"2"),
        b"3",
    ]
    assert scene.rendered == 3


def test_the_first_second_of_a_machine_is_rendered_too() -> None:
    assert Scene().read_at(0.0) == b"1"


def test_a_failure_is_not_shared() -> None:
    scene = Scene()
    scene.fails = True
    with pytest.raises(ValueError, match="1"):
        scene.read_at(100.0)
    scene.fails = False
    assert scene.read_at(100.1) == b"2"

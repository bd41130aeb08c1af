"""The key of the example organization is issued once for a data directory, and again only if a region refuses it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from cli.admin_errors import Refused
from cli.example_key import FILE, example_key
from cli.guide import ORGANIZATION
from tests.unit.cli.scripted_service import Asked, Said, refused, said, scripted


class Keys:
    """Numbered keys. A test sets which of them each of two regions accepts."""

    def __init__(self) -> None:
        self.issued = 0
        self.let_in = {"key-1", "key-2"}
        self.let_in_far = {"key-1", "key-2"}

    def near(self, asked: Asked) -> Said:
        if asked.method != "POST":
            return self._look(asked, self.let_in)
        assert asked.headers["Authorization"] == "Bearer admin"
        assert asked.headers["SlashID-Required-Consistency"] == "all_regions"
        self.issued += 1
        return said(201, result={"id": "1", "name": "", "created_at": "", "key": f"key-{self.issued}"})

    def far(self, asked: Asked) -> Said:
        return self._look(asked, self.let_in_far)

    def _look(self, asked: Asked, let_in: set[str]) -> Said:
        assert asked.headers["SlashID-OrgID"] == ORGANIZATION
        return said(200, result=[]) if asked.headers["SlashID-API-Key"] in let_in else refused(401, "no")


@contextmanager
def running(keys: Keys, data: Path) -> Iterator[Callable[[], str]]:
    with scripted(keys.near) as near, scripted(keys.far) as far:
        yield partial(example_key, data, services=[near.url, far.url], admin_key="admin", name="an example")


def test_the_key_is_issued_once_and_used_again(tmp_path: Path) -> None:
    keys = Keys()
    with running(keys, tmp_path) as example:
        assert [example() for _ in range(3)] == ["key-1"] * 3
    assert keys.issued == 1


def test_only_the_user_can_read_the_file_of_the_key_even_if_others_could_before(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("not a key")
    (tmp_path / FILE).chmod(0o644)
    with running(Keys(), tmp_path) as example:
        example()
    assert (tmp_path / FILE).read_text() == "key-1\n"
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("refusing", ["let_in", "let_in_far"])
def test_a_key_that_a_region_refuses_is_replaced(tmp_path: Path, refusing: str) -> None:
    keys = Keys()
    with running(keys, tmp_path) as example:
        example()
        setattr(keys, refusing, {"key-2"})
        assert [example() for _ in range(2)] == ["key-2"] * 2


@pytest.mark.parametrize("content", [b"", b"key-1\r\nX: 1", b"\xff\xfe", b"key 1"])
def test_a_file_without_a_valid_key_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with running(Keys(), tmp_path) as example:
        assert example() == "key-1"


def test_if_no_key_is_issued_the_old_file_stays(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("old\n")
    refusing = scripted(lambda asked: refused(422 if asked.method == "POST" else 401, "no"))
    with refusing as service, pytest.raises(Refused):
        example_key(tmp_path, services=[service.url], admin_key="admin", name="an example")
    assert (tmp_path / FILE).read_text() == "old\n"

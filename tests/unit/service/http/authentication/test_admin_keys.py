"""Admin keys with names, from the environment or a file."""

from pathlib import Path

import pytest

from runtime.settings import Environment, InvalidSetting
from service.http.authentication.admin_keys import ADMIN_KEYS_MAX, AdminKey, read_admin_keys

ONE, OTHER, THIRD = "1" * 32, "2" * 256, "3" * 40


def keys_in(**variables: str) -> tuple[AdminKey, ...]:
    return read_admin_keys(Environment(variables))


def test_a_key_without_an_id_and_named_keys_work_side_by_side(tmp_path: Path) -> None:
    text = f"# the day shift\nalice {OTHER}\n\nnight-shift-2 \t{THIRD} \n"
    expected = (AdminKey("admin", ONE), AdminKey("alice", OTHER), AdminKey("night-shift-2", THIRD))
    assert keys_in(CROSSHOOK_ADMIN_KEY=ONE, CROSSHOOK_ADMIN_KEYS=text) == expected
    (tmp_path / "keys").write_text(text)
    assert keys_in(CROSSHOOK_ADMIN_KEYS_FILE=str(tmp_path / "keys")) == expected[1:]
    assert keys_in() == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"alice {OTHER}\nbob short", "a key (32 to 256 printable ASCII characters), got 'something else in line 2'"),
        (f"Alice {OTHER}", "lines of an id (1 to 40 of a-z, 0-9 and -)"),
        (f"{'a' * 41} {OTHER}", "lines of an id"),
        (OTHER, "lines of an id"),
        (f"alice {OTHER} {THIRD}", "lines of an id"),
        (f"alice {OTHER}\nalice {THIRD}", "other ids than those"),
        (f"admin {OTHER}", "other ids than those of CROSSHOOK_ADMIN_KEY"),
        (f"alice {OTHER}\nbob {OTHER}", "other keys than those"),
        (f"alice {ONE}", "other keys than those of CROSSHOOK_ADMIN_KEY"),
        ("\n".join(f"a{number} {number:032}" for number in range(ADMIN_KEYS_MAX + 1)), "at most 100 lines, got '101'"),
    ],
)
def test_bad_lines_are_refused_in_words_that_repeat_no_key(text: str, expected: str) -> None:
    with pytest.raises(InvalidSetting, match=r"^CROSSHOOK_ADMIN_KEYS: expected ") as refused:
        keys_in(CROSSHOOK_ADMIN_KEY=ONE, CROSSHOOK_ADMIN_KEYS=text)
    assert expected in str(refused.value)
    assert not any(key in str(refused.value) for key in (ONE, OTHER, THIRD))


def test_a_file_and_a_variable_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="CROSSHOOK_ADMIN_KEYS_FILE: expected nothing where"):
        keys_in(CROSSHOOK_ADMIN_KEYS=f"a {ONE}", CROSSHOOK_ADMIN_KEYS_FILE=str(tmp_path))

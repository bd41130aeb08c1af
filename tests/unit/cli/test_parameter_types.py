"""A refused number names what was expected in plain words."""

import pytest
from click.testing import CliRunner

from cli.link import link
from cli.up import up


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--rtt", "fast"], "'--rtt': 'fast' is not a valid number."),
        (["--regions", "many"], "'--regions': 'many' is not a valid integer."),
        (["--regions", "11"], "'--regions': 11 is not in the range 1<=x<=10."),
    ],
)
def test_a_refused_option_of_up_names_what_was_expected(arguments: list[str], expected: str) -> None:
    assert f"Error: Invalid value for {expected}\n" in CliRunner().invoke(up, arguments).output


def test_a_refused_delay_names_what_was_expected() -> None:
    ended = CliRunner().invoke(link, ["delay", "us-iowa", "asia-japan", "slow"])
    assert "Error: Invalid value for 'MS': 'slow' is not a valid number.\n" in ended.output

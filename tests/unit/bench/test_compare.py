"""`python -m bench compare` makes exactly one comparison."""

import pytest
from click.testing import CliRunner

from bench.compare import compare
from bench.regions import TREE


@pytest.mark.parametrize("options", [(), ("--servers", "--against", str(TREE))])
def test_without_exactly_one_comparison_it_starts_nothing(options: tuple[str, ...]) -> None:
    result = CliRunner().invoke(compare, options)
    assert result.exit_code == 2
    assert "choose one comparison: --against DIR or --servers" in result.stderr
    assert "starting" not in result.output

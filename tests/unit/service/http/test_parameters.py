"""A parameter reads what its form describes, and refuses what it does not."""

from collections import Counter
from typing import Any

import jsonschema_rs
import pytest

from service.http.parameter import Parameter
from service.http.parameter_forms import ConsistencyToken, Unexpected
from service.http.parameters import DECLARED, LIMIT, OFFSET, TIMEOUT
from service.openapi import examples

TEXTS = ["", " ", "0", "1", "-1", "+1", "1.0", "01", "120", "121", "1000", "1001", "1000000000", "9" * 11, "٣", "a b"]
BY_FORM = [parameter for parameter in DECLARED if not isinstance(parameter.form, ConsistencyToken)]
"""A token is opaque: its pattern allows more than the parser."""


def is_read(parameter: Parameter[Any], text: str) -> bool:
    try:
        parameter.form.parse(text)
    except Unexpected:
        return False
    return True


@pytest.mark.parametrize("parameter", DECLARED, ids=lambda parameter: parameter.key)
def test_a_parameter_reads_its_example(parameter: Parameter[Any]) -> None:
    parameter.form.parse(str(examples.PARAMETERS[parameter.key]))


@pytest.mark.parametrize("parameter", [LIMIT, OFFSET, TIMEOUT], ids=lambda parameter: parameter.key)
def test_a_number_is_read_in_the_range_that_the_document_has(parameter: Parameter[Any]) -> None:
    schema = parameter.form.schema()
    low, high = schema["minimum"], schema["maximum"]
    assert [is_read(parameter, str(number)) for number in (low - 1, low, high, high + 1)] == [False, True, True, False]
    assert not any(is_read(parameter, text) for text in ("", "-1", "+1", "1.0", "9" * 11, "٣", " 1"))


@pytest.mark.parametrize("parameter", BY_FORM, ids=lambda parameter: parameter.key)
def test_a_text_that_matches_the_schema_is_read(parameter: Parameter[Any]) -> None:
    schema = parameter.form.schema()
    for text in TEXTS:
        value: object = int(text) if schema["type"] == "integer" and text.isdecimal() and text.isascii() else text
        if jsonschema_rs.is_valid(schema, value):
            assert is_read(parameter, text), text


def test_no_two_parameters_have_the_same_key() -> None:
    assert [key for key, count in Counter(parameter.key for parameter in DECLARED).items() if count > 1] == []

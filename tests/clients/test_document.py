"""The document has nothing that generators of clients are known to stumble over."""

import re

import pytest

from tests.clients.document import DOCUMENT, objects_in, texts_of

PATTERNS = sorted(set(texts_of("pattern")))
ESCAPES = re.compile(r"\\(?:[trn]|x[0-7][0-9a-f]|[.*+?^$|(){}\[\]\\])")


def test_beside_a_reference_stands_a_description_and_nothing_else() -> None:
    for item in objects_in(DOCUMENT):
        assert "$ref" not in item or set(item) <= {"$ref", "description"}, item


def test_no_header_has_a_format_that_some_language_has_a_type_for() -> None:
    """Generated clients put a value of such a type into a header as it is."""
    parameters, answers = DOCUMENT["components"]["parameters"], DOCUMENT["components"]["headers"]
    headers = [parameter for parameter in parameters.values() if parameter["in"] == "header"]
    assert headers
    for header in [*headers, *answers.values()]:
        assert header["schema"].get("format") in {None, "consistency-token"}, header


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_has_what_json_schema_recommends(pattern: str) -> None:
    """No look-around or other group than a plain one, no class that has a name, and no escape but of ASCII."""
    assert "(?" not in pattern
    assert "\\" not in ESCAPES.sub("", pattern)
    assert not set(pattern) & {"\n", "\r", "\t", "\x00", "\x85", "\u2028", "\u2029"}


def test_a_name_of_an_operation_is_there_once() -> None:
    names = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))

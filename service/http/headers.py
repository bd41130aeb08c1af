"""Headers by their names, and the values of a request's parameters."""

from collections.abc import Sequence
from typing import Any, TypeVar

from litestar import Request

from core.fields import InvalidField
from service.http import parameters
from service.http.parameter import Parameter, Place
from service.http.parameter_forms import Unexpected
from service.http.received import values_in

ORGANIZATION = parameters.ORGANIZATION.name
API_KEY = "SlashID-API-Key"
TOKEN = parameters.TOKEN.name
OPERATION = "SlashID-Operation-ID"
IDEMPOTENCY_KEY = parameters.IDEMPOTENCY_KEY.name
IF_MATCH = parameters.IF_MATCH.name
IF_NONE_MATCH = parameters.IF_NONE_MATCH.name
AUTHORIZATION = "Authorization"
CONTENT_ENCODING = "Content-Encoding"

KEY_HEADERS = (API_KEY.lower().encode(), AUTHORIZATION.lower().encode())
"""The headers in which a request shows its key, in lower case."""

AnyRequest = Request[Any, Any, Any]
T = TypeVar("T")


class InvalidHeader(ValueError):
    """A header is missing, given twice, or not valid."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"header {name}: expected {expected}")


def value_of(request: AnyRequest, parameter: Parameter[T]) -> T:
    """A parameter's value. Raises `InvalidHeader`, or `InvalidField` for one that is not in a header."""
    if parameter.place is Place.HEADER and not values_in(request.scope, parameter.header):
        text = None  # Most headers are absent.
    else:
        text = text_of(request, parameter)
    if text is None and not parameter.is_required:
        return parameter.default
    try:
        return parameter.form.parse(text or "")
    except Unexpected as error:
        raise _refusal(parameter, error.expected) from None


def text_of(request: AnyRequest, parameter: Parameter[Any]) -> str | None:
    """A parameter's text as it came, or None if it is absent. Raises as `value_of` if it came more than once."""
    texts: Sequence[str]
    if parameter.place is Place.QUERY:
        texts = request.query_params.getall(parameter.name, [])
    else:
        texts = texts_of(request, parameter.header)
    if not texts:
        return None
    if parameter.is_list:
        return ", ".join(texts)  # RFC 9110, 5.3
    if len(texts) > 1:
        raise _refusal(parameter, "to be given once")
    return texts[0]


def texts_of(request: AnyRequest, name: bytes) -> Sequence[str]:
    """The values of the header `name`, which is in lower case."""
    found = values_in(request.scope, name)
    return [value.decode("latin-1") for value in found] if found else ()


def only(request: AnyRequest, name: str) -> str | None:
    """The header's value, or None if it is absent. Raises `InvalidHeader` if it came more than once."""
    values = texts_of(request, name.lower().encode())
    if len(values) > 1:
        raise InvalidHeader(name, "to be given once")
    return values[0] if values else None


def _refusal(parameter: Parameter[Any], expected: str) -> InvalidHeader | InvalidField:
    if parameter.place is Place.HEADER:
        return InvalidHeader(parameter.name, expected)
    return InvalidField(parameter.name, f"expected {expected}")

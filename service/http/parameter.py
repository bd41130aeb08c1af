"""A parameter of a request, as data: it reads the request, and the OpenAPI document lists it."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from service.http.parameter_forms import Json

T_co = TypeVar("T_co", covariant=True)

TAKES = "takes"
"""The option of a route with the parameters that only this route reads."""


class Place(StrEnum):
    """The part of a request that a parameter is in."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"


class Form(Protocol[T_co]):
    """What a parameter's text can be."""

    def parse(self, text: str) -> T_co:
        """The value. Raises `Unexpected`."""

    def schema(self) -> Json:
        """The form in JSON Schema."""


@dataclass(frozen=True, kw_only=True)
class Parameter(Generic[T_co]):
    """One parameter. An absent one has the value `default`; a required one is then read as an empty text.

    `key` names it in the document's components: two parameters can have the same name. A list in a header may come on
    several lines.
    """

    key: str
    name: str
    place: Place
    form: Form[T_co]
    default: T_co
    description: str
    is_required: bool = False
    is_list: bool = False

    @cached_property
    def header(self) -> bytes:
        """The name of the header, as an ASGI scope has it."""
        return self.name.lower().encode()


def takes(*parameters: Parameter[object]) -> dict[str, object]:
    """The option of a route that reads these parameters, besides those that every write or read has."""
    return {TAKES: parameters}

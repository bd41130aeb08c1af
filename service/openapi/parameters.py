"""The parameters of the document, made of the declarations that requests are read by."""

from service.dashboard.routes import FILE_NAME as DASHBOARD_FILE_NAME
from service.http.parameter import Parameter
from service.http.parameters import DECLARED
from service.openapi import examples
from service.openapi.json_schema import Json
from service.openapi.routes import FILE_NAME


def _described(parameter: Parameter[object]) -> Json:
    """A Parameter Object. An optional parameter has its example in its schema: Swagger UI sends one beside it."""
    schema, example = parameter.form.schema(), examples.PARAMETERS[parameter.key]
    described: Json = {"name": parameter.name, "in": parameter.place.value, "description": parameter.description}
    if parameter.is_required:
        return {**described, "required": True, "schema": schema, "example": example}
    has_default = isinstance(parameter.default, (str, int))
    default = {"default": parameter.default} if has_default else {}
    return {**described, "schema": {**schema, **default, "examples": [example]}}


PARAMETERS: dict[str, Json] = {
    parameter.key: _described(parameter) for parameter in (*DECLARED, FILE_NAME, DASHBOARD_FILE_NAME)
}

"""The custom headers that a body may have. Their limits are settings, so no struct can carry them."""

from core.fields import RESERVED_HEADERS, HeaderLimits
from service.http import patterns
from service.openapi.json_schema import Json
from service.routes.webhook_shapes import HEADERS

_NO_HEADERS: Json = {"type": "array", "items": {"type": "string"}, "maxItems": 0}
"""How some languages write an empty map."""


def custom_headers(limits: HeaderLimits) -> Json:
    """The schema of custom headers, with each limit.

    The description has the limits on several headers together, or on a name and its value.
    """
    value = {"type": "string", "pattern": patterns.HEADER_VALUE, "maxLength": limits.header_bytes_max - 1}
    headers = {
        "type": "object",
        "propertyNames": {
            "pattern": patterns.HEADER_NAME,
            "not": {"pattern": patterns.RESERVED_HEADER},
            "maxLength": limits.header_bytes_max,
        },
        "additionalProperties": {"type": "array", "maxItems": limits.headers_max, "items": value},
        "maxProperties": limits.headers_max,
    }
    return {
        "anyOf": [headers, _NO_HEADERS, {"type": "null"}],
        "description": (
            f"{HEADERS} A name is one of RFC 9110, other than {RESERVED_HEADERS}. Two names differ by more than case. "
            "A value has no control characters, and no blanks at its ends. There can be "
            f"{limits.headers_max} headers, each value counted. A name and a value together have at most "
            f"{limits.header_bytes_max:,} bytes of UTF-8. `[]` counts as absent."
        ),
    }

"""The one table of which routes ask for a key, take a place, and have a line in the access log."""

from core.key_scopes import KeyScope
from service.http.policies import Key, Policies, Policy
from service.routes.first_page import FIRST_PAGE, SHORT_WAYS
from service.routes.reserved import VERIFICATION_KEYS

_ABOUT_THE_PROCESS = Policy(Key.NONE, takes_place=False, is_logged=False)
"""A full process still answers these. They are asked all the time, and one of them is a stream."""

_SAME_FOR_ALL = Policy(Key.NONE, is_logged=False)

ADMIN = "admin"
"""The first part of the paths of the administrators' routes."""

POLICIES = Policies(
    by_first_part={
        "organizations": Policy(Key.ORGANIZATION),
        "operations": Policy(Key.ORGANIZATION),
        "test-events": Policy(Key.ORGANIZATION, writes=KeyScope.EVENTS),
        ADMIN: Policy(Key.ADMIN),
        "livez": _ABOUT_THE_PROCESS,
        "readyz": _ABOUT_THE_PROCESS,
        "metrics": _ABOUT_THE_PROCESS,
        "dashboard": _ABOUT_THE_PROCESS,
        "schema": _SAME_FOR_ALL,
    },
    by_path={
        VERIFICATION_KEYS: Policy(Key.NONE),
        FIRST_PAGE: _SAME_FOR_ALL,
        **dict.fromkeys(SHORT_WAYS, _SAME_FOR_ALL),
    },
)

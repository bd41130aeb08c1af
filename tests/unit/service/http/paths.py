"""A request path around an application that takes the place of the routes."""

from collections.abc import Callable
from typing import Any, cast

from runtime.lines import Write
from service.http.admission import BODY_SECONDS, Admission
from service.http.authentication.identification import Administrators
from service.http.authentication.key_check import Authentication
from service.http.instrumentation import Instrumentation
from service.http.request_path import RequestPath
from service.http.write_latency import WriteLatencies
from service.routes.policies import POLICIES

BODY_BYTES_MAX = 64 * 1_024


def path_to(
    routes: Callable[..., Any],
    *,
    requests_max: int = 1,
    body_bytes_max: int = BODY_BYTES_MAX,
    body_seconds: float = BODY_SECONDS,
    admission: Admission | None = None,
    latencies: WriteLatencies | None = None,
    write: Write | None = None,
) -> RequestPath:
    """The request path of the service, around `routes`. It has no projection, so `routes` check keys themselves."""
    limits = Admission(requests_max=requests_max, body_bytes_max=body_bytes_max, body_seconds=body_seconds)
    return RequestPath(
        routes,
        POLICIES,
        instrumentation=Instrumentation(latencies=latencies or WriteLatencies(), write=write),
        admission=admission or limits,
        authentication=Authentication(
            POLICIES,
            projection=cast("Any", None),
            administrators=Administrators(()),
        ),
    )

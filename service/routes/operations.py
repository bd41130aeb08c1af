"""Operations: the states of writes."""

from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta

from core.fields import InvalidField
from service.http.encoded_response import EncodedResponse
from service.http.envelope import Envelope
from service.http.headers import AnyRequest
from service.http.identifiers import uuid_in
from service.http.parameter import takes
from service.http.parameters import OPERATION_ID
from service.reads.operation_status import Fate, State
from service.routes.calls import calls_of


class OperationView(msgspec.Struct, frozen=True):
    """What is known of an operation. If nothing is, `origin` and `sequence` are null and `regions` is empty."""

    operation_id: Annotated[
        str, Meta(description="The operation's id, from the request.", extra_json_schema={"format": "uuid"})
    ]
    state: Annotated[
        str,
        Meta(
            description=(
                "`applied`: every region has applied it. `committed`: it is in its origin's log, and every region will "
                "apply it. `never`: it did not happen and will not. `unknown`: nothing is recorded of it, and it may "
                "still arrive."
            ),
            extra_json_schema={"enum": list(State)},
        ),
    ]
    origin: Annotated[str | None, Meta(description="The region whose log has it. Null if no region is known.")]
    sequence: Annotated[
        int | None, Meta(description="Its place in that log, from 1.", extra_json_schema={"minimum": 1})
    ]
    regions: Annotated[
        dict[str, Literal["applied", "pending"]],
        Meta(description="Whether each region has applied it. Empty if nothing is known."),
    ]


@get(
    "/operations/{operation_id:str}",
    summary="Read the state of an operation",
    description=(
        "The state of a write, by the `SlashID-Operation-ID` of its response: above all of a write that returned 408. "
        "It is available for 24 hours, unless the service is set otherwise. An operation of another organization reads "
        "as unknown."
    ),
    opt=takes(OPERATION_ID),
)
async def read_operation(operation_id: FromPath[str], request: AnyRequest) -> EncodedResponse[Envelope[OperationView]]:
    """Read the state of a write."""
    read = calls_of(request).read(request)
    found = await read.use_cases.operations.fate(_known_form(operation_id), read.request)
    return read.respond(Envelope(view_of(found.value)), found.shown)


def view_of(fate: Fate) -> OperationView:
    """An operation as the response has it."""
    return OperationView(
        operation_id=fate.operation_id,
        state=fate.state.value,
        origin=fate.origin,
        sequence=fate.sequence,
        regions={region: "applied" if is_applied else "pending" for region, is_applied in fate.applied_in.items()},
    )


def _known_form(operation_id: str) -> str:
    found = uuid_in(operation_id)
    if found is None:
        raise InvalidField("operation_id", "expected the UUID in a response's SlashID-Operation-ID")
    return found


OPERATION_ROUTES: tuple[HTTPRouteHandler, ...] = (read_operation,)

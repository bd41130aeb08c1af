"""Operations: what became of a write."""

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler

from core.fields import InvalidField
from core.preconditions import require
from service.http.envelope import Answer
from service.http.identifiers import uuid_in
from service.reads.operation_status import Fate
from service.routes.calls import Read


class OperationView(msgspec.Struct, frozen=True):
    """What is known of an operation. `origin` and `sequence` are null, and `regions` empty, where nothing is."""

    operation_id: str
    state: str
    origin: str | None
    sequence: int | None
    regions: dict[str, str]


@get("/operations/{operation_id:str}")
async def read_operation(operation_id: str, read: Read) -> Answer[OperationView]:
    """Read what became of a write."""
    fate = await read.use_cases.operations.fate(_known_form(operation_id), read.request)
    require(read.request.preconditions)
    return Answer(view_of(fate))


def view_of(fate: Fate) -> OperationView:
    """An operation as it is answered."""
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
        raise InvalidField("operation_id", "expected what an answer's SlashID-Operation-ID said, which is a UUID")
    return found


OPERATION_ROUTES: tuple[HTTPRouteHandler, ...] = (read_operation,)

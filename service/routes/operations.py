"""Operations: what became of a write."""

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler

from core.fields import InvalidField
from core.preconditions import require
from service.http.envelope import Answer
from service.http.identifiers import uuid_in
from service.reads.operation_status import Fate, OperationStatus
from service.request.context import ReadRequest


class OperationView(msgspec.Struct, frozen=True):
    """What is known of an operation. `origin` and `sequence` are null, and `regions` empty, where nothing is."""

    operation_id: str
    state: str
    origin: str | None
    sequence: int | None
    regions: dict[str, str]


def operation_routes(operations: OperationStatus) -> list[HTTPRouteHandler]:
    """The one route."""

    @get("/operations/{operation_id:str}")
    async def read_operation(operation_id: str, read: ReadRequest) -> Answer[OperationView]:
        """Read what became of a write."""
        fate = await operations.fate(_known_form(operation_id), read)
        require(read.preconditions)
        return Answer(view_of(fate))

    return [read_operation]


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

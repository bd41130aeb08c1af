"""The operation that tells of operations."""

from service.http.headers import TOKEN
from service.openapi import examples
from service.openapi.kinds import Operation, Own, read
from service.openapi.responses import LOST, answer, decided, succeeded

TAG = "Operations"

OPERATIONS: tuple[Operation, ...] = (
    read(
        "get",
        "/operations/{operation_id}",
        Own(
            tag=TAG,
            name="read_operation",
            summary="Read the state of an operation",
            description=(
                "What became of a write, by the `SlashID-Operation-ID` of its answer: above all of one whose answer "
                "was a 408. It is told for 24 hours, unless it is set otherwise. An id of another organization reads "
                "like one of which nothing is known."
            ),
            parameters=("operation_id",),
            responses={
                200: answer(
                    "What this region knows of the operation.",
                    "OperationAnswer",
                    {
                        "every region has it": succeeded(examples.APPLIED),
                        "one region does not": succeeded(examples.COMMITTED),
                        "nothing is known of it": succeeded(examples.NOT_KNOWN),
                    },
                    headers=(TOKEN,),
                ),
                410: decided(
                    410,
                    "The operation is older than what is told of operations; or the token names a write that was lost "
                    "when its region's log was restored.",
                    f"operation {examples.OPERATION_ID} is older than 24 hours",
                    LOST,
                ),
            },
        ),
    ),
)

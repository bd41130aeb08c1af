"""The operation that returns the state of a write."""

from service.http.headers import TOKEN
from service.openapi import examples
from service.openapi.kinds import Operation, read
from service.openapi.responses import LOST, decided, json_response, succeeded
from service.routes.operations import read_operation

TAG = "Operations"

OPERATIONS: tuple[Operation, ...] = (
    read(
        read_operation,
        tag=TAG,
        responses={
            200: json_response(
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
                "The operation is older than the service keeps. Or the token names a write that was lost when its "
                "region's log was restored.",
                f"operation {examples.OPERATION_ID} is older than 24 hours",
                LOST,
            ),
        },
    ),
)

import pytest
from redis.exceptions import MasterDownError, OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from adapters.redis_refusals import refusal_in

IN_A_SCRIPT = "Error running script (call to f_0b1c): @user_script:100: @user_script: 100: "


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (
            ReadOnlyError("You can't write against a read only replica."),
            "READONLY You can't write against a read only replica",
        ),
        (
            ResponseError(IN_A_SCRIPT + "-READONLY You can't write against a read only replica. "),
            "READONLY You can't write against a read only replica",
        ),
        (ReadOnlyError("You can't write. script: c664, on @user_script:100."), "READONLY You can't write"),
        (
            OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
            "OOM command not allowed when used memory > 'maxmemory'",
        ),
        (ResponseError(IN_A_SCRIPT + "-OOM command not allowed"), "OOM command not allowed"),
        (
            ResponseError("MISCONF Errors writing to the AOF file: No space left on device"),
            "MISCONF Errors writing to the AOF file: No space left on device",
        ),
        (
            ResponseError("NOREPLICAS Not enough good replicas to write."),
            "NOREPLICAS Not enough good replicas to write",
        ),
        (MasterDownError("Link with MASTER is down"), "MASTERDOWN Link with MASTER is down"),
        (ResponseError("wrong number of arguments for 'room' command"), ""),
        (RedisTimeoutError("Timeout reading from OOM:6379"), ""),
        (OSError("READONLY"), ""),
    ],
)
def test_refusals_because_of_the_state_of_redis_are_recognized(error: Exception, refusal: str) -> None:
    assert refusal_in(error) == refusal

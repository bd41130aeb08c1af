"""Send a request to the process that runs the regions."""

import socket

import msgspec

from deploy.local.control.messages import Answer, Request, decode_answer, encode
from deploy.local.control.path import check_directory, control_path
from deploy.local.errors import NoDemo

ANSWER_SECONDS_MAX = 5.0


def ask(name: str, request: Request, *, within_seconds: float = ANSWER_SECONDS_MAX) -> Answer:
    """The answer of the demo called `name`.

    Raises `NoDemo` if none runs, or if it does not answer in time, and `NotPrivate` if it could be another user's.
    """
    path = control_path(name)
    check_directory()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(within_seconds)
        try:
            connection.connect(str(path))
            connection.sendall(encode(request))
            with connection.makefile("rb") as answers:
                return decode_answer(answers.readline())
        except TimeoutError as error:
            why = f"did not answer within {within_seconds:g} s"
            raise NoDemo(name=name, why=why, remedy="end it, then start it again") from error
        except (OSError, msgspec.DecodeError) as error:
            raise NoDemo(name=name, why="does not run", remedy="start it") from error

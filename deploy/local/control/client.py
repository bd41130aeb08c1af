"""Talk to regions that run in another process."""

import socket

import msgspec

from deploy.local.control.messages import Answer, Request, decode_answer, encode
from deploy.local.control.path import control_path
from deploy.local.errors import NoDemo

_ANSWER_SECONDS_MAX = 5.0


def ask(name: str, request: Request) -> Answer:
    """What the regions called `name` answer. Raises `NoDemo` if none of that name run, or they do not answer in 5 s."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_ANSWER_SECONDS_MAX)
        try:
            connection.connect(str(control_path(name)))
            connection.sendall(encode(request))
            with connection.makefile("rb") as answers:
                return decode_answer(answers.readline())
        except TimeoutError as error:
            raise NoDemo(
                name=name, why=f"gives no answer within {_ANSWER_SECONDS_MAX:g} s; end it and start it"
            ) from error
        except (OSError, msgspec.DecodeError) as error:
            raise NoDemo(name=name, why="is not running; start it") from error

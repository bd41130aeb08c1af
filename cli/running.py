"""The parts that the commands about running regions share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.failure import Misuse, failure
from deploy.local.control.client import ANSWER_SECONDS_MAX, ask
from deploy.local.control.messages import Answer, AskLinks, AskStatus, Done, LinksStatus, Refused, Request, Status
from deploy.local.errors import DEFAULT_NAME, LocalError

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Answer = TypeVar("_Answer", bound=Answer)


def name_option(command: _Command) -> _Command:
    """The option that names the demo which a command is about."""
    option = click.option(
        "--name",
        default=DEFAULT_NAME,
        show_default=True,
        metavar="NAME",
        help="The demo, if several run on this machine.",
    )
    return option(command)


def options_of(name: str) -> str:
    """The option that names the demo, with a blank before it; `""` for the default one."""
    return "" if name == DEFAULT_NAME else f" --name {name}"


def do(name: str, request: Request, *, within_seconds: float = ANSWER_SECONDS_MAX) -> str:
    """Send `request`, and return the note of its answer. Ends the command if the demo does not do it in time."""
    return _answer(name, request, Done, within_seconds=within_seconds).note


def status(name: str) -> Status:
    """The processes of the demo called `name`, and their addresses. Ends the command if no such demo runs."""
    return _answer(name, AskStatus(), Status)


def links(name: str) -> LinksStatus:
    """The links of the demo called `name`. Ends the command if no such demo runs."""
    return _answer(name, AskLinks(), LinksStatus)


def _answer(
    name: str, request: Request, expected: type[_Answer], *, within_seconds: float = ANSWER_SECONDS_MAX
) -> _Answer:
    try:
        answer = ask(name, request, within_seconds=within_seconds)
    except LocalError as error:
        raise failure(error) from error
    if isinstance(answer, Refused):
        raise Misuse(answer.message)
    if not isinstance(answer, expected):
        raise Misuse(f"the demo named {name!r} has another version of crosshook; restart it")
    return answer

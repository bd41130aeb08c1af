"""Commands that act on regions which run already."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.failure import Misuse, failure
from deploy.local.control.client import ask
from deploy.local.control.messages import Answer, AskLinks, AskStatus, Done, LinksStatus, Refused, Request, Status
from deploy.local.errors import LocalError

DEFAULT_NAME = "demo"

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Answer = TypeVar("_Answer", bound=Answer)


def name_option(command: _Command) -> _Command:
    """The option by which a command finds the regions it is about."""
    option = click.option(
        "--name", default=DEFAULT_NAME, show_default=True, help="Which demo, if several run on this machine."
    )
    return option(command)


def own_command() -> str:
    """How to call this program again from where it was called."""
    if shutil.which("crosshook"):
        return "crosshook"
    called = Path(sys.argv[0])
    return str(called) if called.name == "crosshook" else f"{sys.executable} -m cli"


def do(name: str, request: Request) -> str:
    """Have `request` done, and return what is to be known besides. Ends the command if it cannot be."""
    return _answer(name, request, Done).note


def status(name: str) -> Status:
    """What runs under `name`, and where. Ends the command if nothing does."""
    return _answer(name, AskStatus(), Status)


def links(name: str) -> LinksStatus:
    """The links that run under `name`. Ends the command if nothing does."""
    return _answer(name, AskLinks(), LinksStatus)


def _answer(name: str, request: Request, expected: type[_Answer]) -> _Answer:
    try:
        answer = ask(name, request)
    except LocalError as error:
        raise failure(error) from error
    if isinstance(answer, Refused):
        raise Misuse(answer.message)
    if not isinstance(answer, expected):
        raise Misuse(f"the demo named {name!r} is of another version; restart it")
    return answer

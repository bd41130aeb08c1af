"""Changes one secret of a kept set, step by step. An interrupted change continues at the step that was begun."""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from core.positions import Region
from deploy.files import put
from deploy.kept_logins import CHANGED, LOGINS, ROTATION, as_text, changed_in, logins_in, rotation_in
from deploy.logins import new_password
from deploy.rotation import Login, Rotation, Step, Subject, steps_of
from deploy.valid_logins import with_password


class RotationRefused(Exception):
    """No change of this secret can begin now. The text says what to do."""


class Report(msgspec.Struct, frozen=True):
    """A step that begins: its number from 1 on, and how many there are."""

    number: int
    count: int
    step: Step


NewValue = Callable[[Subject], Rotation]
"""Makes the new value of a secret."""


def new_login_value(subject: Subject, *, now: datetime) -> Rotation:
    """A new password for a login."""
    return Rotation(subject, began_at=now, password=new_password())


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep every other command from changing secrets in `directory`. Raises `RotationRefused`."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RotationRefused("another command changes a secret at the moment; wait until it has ended") from None
        yield
    finally:
        os.close(descriptor)


def begun(directory: Path, subject: Subject, *, new_value: NewValue) -> Rotation:
    """The change of `subject`: the interrupted one, or a new one that is kept from now on.

    Raises `RotationRefused` if another secret's change is under way. Its two values are valid, so it ends first.
    """
    rotation = rotation_in(directory)
    if rotation is None:
        rotation = new_value(subject)
        put(directory / ROTATION, as_text(rotation))
    elif rotation.subject != subject:
        raise RotationRefused(
            f"the change of {rotation.subject} is not finished; finish it first: "
            f"crosshook secrets rotate {rotation.subject}"
        )
    return rotation


def rotate(
    directory: Path,
    subject: Subject,
    *,
    certificates: Sequence[str] = (),
    new_value: NewValue,
    apply: Callable[[], None],
    report: Callable[[Report], None],
    finish: Callable[[Rotation], None],
) -> None:
    """Change `subject`. `apply` makes a kept step true, and returns once it is. Any error of it ends the command.

    `finish` keeps the new value as the only one. Every step may be done twice. Raises `RotationRefused`.
    """
    with locked(directory):
        rotation = begun(directory, subject, new_value=new_value)
        steps = steps_of(subject, certificates)
        for number in range(rotation.step, len(steps)):
            rotation = msgspec.structs.replace(rotation, step=number)
            put(directory / ROTATION, as_text(rotation))
            report(Report(number + 1, len(steps), steps[number]))
            apply()
        finish(rotation)
        end(directory, rotation)


def finish_login(directory: Path, rotation: Rotation, regions: Sequence[Region]) -> None:
    """Keep the new password as the only one."""
    if isinstance(rotation.subject, Login):
        logins = logins_in(directory, regions)
        new = with_password(logins, rotation.subject, rotation.subject.user, rotation.password)
        put(directory / LOGINS, as_text(new))


def end(directory: Path, rotation: Rotation) -> None:
    """Note when the secret was changed, and forget the change."""
    changed = {**changed_in(directory), str(rotation.subject): rotation.began_at}
    put(directory / CHANGED, as_text(changed))
    (directory / ROTATION).unlink()

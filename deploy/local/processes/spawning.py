"""Start a program that a terminal's Ctrl-C does not reach, and that does not outlive this process."""

import ctypes
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.private import PRIVATE_UMASK, open_log

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def spawn(
    command: Sequence[str], *, directory: Path, environment: Mapping[str, str], log: Path, user: str | None = None
) -> subprocess.Popen[bytes]:
    """Run `command` in a session of its own, its output appended to `log`. Only root may name another `user`.

    Only the user of this process can open `log`, and only the program's user the files that it makes.
    The kernel kills it when the calling thread ends, even by a kill. So call this from a thread that lasts, such as the
    main one.
    """
    with os.fdopen(open_log(log), "ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own programs
            command,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=PRIVATE_UMASK,
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            preexec_fn=_dies_with(os.getpid()),  # noqa: PLW1509 - it calls nothing that takes a lock
        )


def _dies_with(parent: int) -> Callable[[], None]:
    prctl = getattr(_LIBC, "prctl", None)

    def ask_the_kernel() -> None:
        if prctl is None:
            return
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel


def ending(return_code: int) -> str:
    """How a process ended, in words: `exit code 1`, `signal SIGKILL`."""
    if return_code >= 0:
        return f"exit code {return_code}"
    try:
        return f"signal {signal.Signals(-return_code).name}"
    except ValueError:
        return f"signal {-return_code}"

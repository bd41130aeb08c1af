"""Addresses as they may be shown."""

import re

_LOGIN = re.compile(r"([a-z]+://)?.*@", re.DOTALL)


def without_login(address: str) -> str:
    """`address` without what is before its last `@`, but for its scheme: `nats://***@host:4222`.

    Nobody reads a password in a log, also where the address is none, and it cannot be told where a password begins.
    """
    return _LOGIN.sub(r"\1***@", address, count=1)

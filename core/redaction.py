"""Addresses without their logins, for logs and messages."""

import re

_LOGIN = re.compile(r"([a-z]+://)?.*@", re.DOTALL)


def without_login(address: str) -> str:
    """`address` with everything between its scheme and its last `@` hidden: `nats://***@host:4222`.

    So no log shows a password, even if the address is malformed and the start of a password cannot be found.
    """
    return _LOGIN.sub(r"\1***@", address, count=1)

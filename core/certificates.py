"""When a certificate expires."""

from typing import NamedTuple


class Certificate(NamedTuple):
    """A certificate's common name, and the second since 1970 from which it is no longer valid."""

    name: str
    expires_seconds: int

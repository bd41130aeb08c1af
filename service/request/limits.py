"""The limits of an organization."""

import msgspec

from core.fields import HeaderLimits


class Limits(msgspec.Struct, frozen=True):
    """The maximum of each thing that an organization can have. Each region counts what it has applied."""

    webhooks_max: int = 1_000
    api_keys_max: int = 100
    headers: HeaderLimits = HeaderLimits()

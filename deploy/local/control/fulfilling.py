"""Carry out requests to the running regions."""

from functools import partial
from typing import assert_never

from core.positions import Region
from deploy.local.control.messages import (
    Answer,
    AskLinks,
    AskStatus,
    CutRegion,
    DelayPair,
    Done,
    HealRegion,
    Request,
    TakeSecrets,
)
from deploy.local.control.server import Fulfil
from deploy.local.control.status import links_of, status_of
from deploy.local.regions import LocalRegions
from deploy.local.secrets import valid_logins_in, vault_of


def fulfilling(regions: LocalRegions) -> Fulfil:
    """A function that answers requests about `regions`."""
    return partial(_fulfil, regions)


async def _fulfil(regions: LocalRegions, request: Request) -> Answer:
    match request:
        case CutRegion():
            await regions.cut(request.region)
        case HealRegion():
            await regions.heal(request.region)
        case DelayPair():
            await regions.delay(request.a, request.b, request.milliseconds)
        case TakeSecrets():
            await regions.take(valid_logins_in(vault_of(regions.data), [Region(name) for name in regions.regions]))
        case AskStatus():
            return status_of(regions)
        case AskLinks():
            return links_of(regions.mesh)
        case _:
            assert_never(request)
    return Done()

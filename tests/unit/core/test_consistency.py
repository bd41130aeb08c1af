import pytest

from core.consistency import Level, regions_needed
from core.positions import Region
from core.topology import RegionConfig, RegionState, Topology

US, EU, JP = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")


def topology(**states: RegionState) -> Topology:
    names = {"us": US, "eu": EU, "jp": JP}
    return Topology(
        {
            name: RegionConfig(nats=["nats://n:4222"], redis="redis://r", state=states.get(short, RegionState.ACTIVE))
            for short, name in names.items()
        }
    )


def test_the_levels_are_the_two_of_the_page() -> None:
    assert [str(level) for level in Level] == ["local_region", "all_regions"]


@pytest.mark.parametrize("state", list(RegionState))
def test_local_region_needs_this_region_alone(state: RegionState) -> None:
    assert regions_needed(Level.LOCAL_REGION, here=US, topology=topology(us=state)) == {US}


def test_all_regions_needs_every_active_region() -> None:
    assert regions_needed(Level.ALL_REGIONS, here=US, topology=topology()) == {US, EU, JP}


@pytest.mark.parametrize("state", [RegionState.JOINING, RegionState.RETIRED])
def test_no_write_waits_for_a_joining_or_retired_region(state: RegionState) -> None:
    assert regions_needed(Level.ALL_REGIONS, here=US, topology=topology(jp=state)) == {US, EU}


def test_every_write_waits_for_its_own_region() -> None:
    joining = topology(us=RegionState.JOINING)
    assert regions_needed(Level.ALL_REGIONS, here=US, topology=joining) == {US, EU, JP}

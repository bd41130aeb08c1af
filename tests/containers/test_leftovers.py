"""The next run removes what a killed run left, and no run removes what another one needs."""

import pytest

from tests.containers.commands import docker, inspect
from tests.containers.composed import Composed
from tests.containers.leftovers import LABEL, PREFIX, a_run, remove_what_the_dead_left

pytestmark = pytest.mark.containers


async def test_what_a_killed_run_left_is_removed_and_what_a_living_one_has_is_not(built: Composed) -> None:
    with a_run() as living:
        names = {name: f"{name}-kept" for name in (living, f"{PREFIX}dead")}
        for name, volume in names.items():
            await docker("volume", "create", f"--label=com.docker.compose.project={name}", volume)
            mount = f"--volume={volume}:/data"
            await docker("create", f"--label={LABEL}={name}", f"--name={name}", mount, built.image)
            await docker("network", "create", f"--label={LABEL}={name}", name)
        removed = await remove_what_the_dead_left()
        assert sorted(one.partition(" ")[0] for one in removed) == ["container", "network", "volume"]
        left = [kind for kind in ("container", "network") for _ in await inspect(kind, living)]
        assert left == ["container", "network"]
    assert len(await remove_what_the_dead_left()) == 3

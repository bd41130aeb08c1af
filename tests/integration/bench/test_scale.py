"""A filled log has what was stored, and `python -m bench scale` measures on it."""

import subprocess
import sys
from itertools import chain, islice
from pathlib import Path

import msgspec
import pytest

from bench.api import Service, webhook_creation
from bench.closed_loop import closed_loop
from bench.curve import ScaleReport
from bench.errors import UnexpectedResponse
from bench.fill import UNAPPLIED_MAX, fill
from bench.population import WEBHOOKS_MAX, new_organization, triggers, webhooks
from bench.product import product_side
from bench.regions import running_regions
from core.consistency import Level


@pytest.mark.long
def test_the_service_serves_what_was_stored_directly_in_its_log() -> None:
    owner, progress = new_organization(), list[int]()
    own = list(islice(webhooks(), WEBHOOKS_MAX - 1))
    stored = [owner.owns(webhook) for webhook in own]
    others = list(chain.from_iterable(islice(triggers(), UNAPPLIED_MAX)))
    with running_regions(count=1, options=("--rtt", "0")) as regions:
        side = product_side(regions, Level.LOCAL_REGION)
        fill(regions, [owner.issued(), *stored, *others], settle=side.settle, report=progress.append)
        assert progress == [UNAPPLIED_MAX, 1 + len(stored) + len(others)]
        create = [webhook_creation(owner.organization_id, api_key=owner.api_key)]
        closed_loop(side.address, create, connections=1, count_max=1, seconds_max=10)
        another = [webhook_creation(owner.organization_id, api_key=owner.api_key)]
        with pytest.raises(UnexpectedResponse, match=r"got 4.*1000"):
            closed_loop(side.address, another, connections=1, count_max=1, seconds_max=10)
        with Service(regions.url(regions.names[0]), api_key=regions.api_key) as service:
            assert not service.has(own[0].webhook_id)


@pytest.mark.long
@pytest.mark.postgres
def test_it_measures_every_size_up_to_the_largest_and_leaves_nothing_behind(tmp_path: Path, temporary: Path) -> None:
    file = tmp_path / "scale.json"
    command = (
        *(sys.executable, "-m", "bench", "scale", "--quick", "--seconds", "0.1", "--rounds", "2"),
        *("--connections-max", "2", "--regions-max", "2", "--triggers-max", "10000", "--webhooks-max", "100"),
        *("--json", str(file), "--pictures", str(tmp_path)),
    )
    ended = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)  # noqa: S603 - ours
    print(ended.stdout, ended.stderr)
    assert ended.returncode == 0
    report = msgspec.json.decode(file.read_bytes(), type=ScaleReport)
    sizes = {
        curve.what: {tuple(size.size for size in series) for series in curve.series.values()} for curve in report.curves
    }
    assert sizes == {
        "connections": {(1, 2)},
        "regions": {(1, 2)},
        "triggers": {(1_000, 10_000)},
        "webhooks": {(10, 100)},
    }
    assert set(report.curves[0].series) == {"crosshook", "PostgreSQL", "PostgreSQL, one statement"}
    assert len(list(tmp_path.glob("bench-scale-*.svg"))) == 4
    assert "events stored" in ended.stderr
    assert not list(temporary.iterdir())

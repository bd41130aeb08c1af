"""Secrets of the regions of docker-compose.yml are changed by the document's lines while every region takes writes.

Twenty containers on a busy machine refuse a write now and then, with or without a change. So such a write is repeated
here with its key. That a change refuses none is tested on the processes of a demo, in `tests/e2e/test_secrets.py`.
"""

import pytest

from tests.containers.composed import REPLICATORS, RUNNING, SERVICES, Composed
from tests.containers.ways_in import ways_in
from tests.documents import DOCS, blocks
from tests.e2e.evidence import check, settled
from tests.e2e.keyed_writes import check_written, under_keyed_load
from tests.keys import Keys

pytestmark = [pytest.mark.containers, pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]

DRILL = (DOCS / "operations" / "secrets.md").read_text().partition("## Docker Compose")[2]
LINES = "\n".join(blocks(DRILL, "sh")).splitlines()
STEP_SECONDS_MAX = 900.0


async def test_the_drill_loses_no_event_and_restarts_nothing(
    composed: Composed, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert len(LINES) >= 5, "a list, logins at both servers, a certificate, the authority"
    before, states = await composed.files(), await composed.states()
    async with composed.callers(keys) as callers:
        async with under_keyed_load(list(callers.values()), writers=3) as load:
            for line in LINES:
                outcome = await composed.paste(line, within_seconds=STEP_SECONDS_MAX)
                print(line, outcome.out, outcome.error)
                assert outcome.code == 0, outcome.error
                assert "is changed" in outcome.out or "--list" in line, outcome
        print(dict(load.told))
        assert len(load.accepted) == len(load.writes) > 0
    after, states_after = await composed.files(), await composed.states()
    for name in RUNNING:
        assert states_after[name]["State"]["StartedAt"] == states[name]["State"]["StartedAt"], name
    for name in (*SERVICES, *REPLICATORS):
        volume = name.rpartition("-")[0]
        for file in ("authority.pem", "certificate.pem", "key.pem"):
            assert after[f"{volume}/{file}"] != before[f"{volume}/{file}"], (volume, file)
    old = before["us-iowa-service/authority.pem"]
    assert not [name for name, text in after.items() if old in text], "no file trusts the old authority"
    assert "vault/rotation.json" not in after
    async with ways_in(composed, tmp_path_factory.mktemp("new")) as inside:
        evidence = await settled(inside, within_seconds=120, connect=inside.connect)
    check(evidence)
    check_written(evidence, load.writes)

"""The lines that `crosshook up` prints work in any shell, and again when pasted twice."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from cli.guide import ORGANIZATION, guide
from deploy.local.control_messages import ProcessStatus, RegionStatus, Status

WEBHOOK_ID = "01a209cc-d549-7788-b87c-a8c76edb7d8d"
CURL = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
print('{{"meta": {{}}, "errors": [], "result": {{"id": "{WEBHOOK_ID}", "name": "demo"}}}}')
"""


def a_region(name: str, port: int) -> RegionStatus:
    process = ProcessStatus(name=name, url=f"http://127.0.0.1:{port}", pid=1)
    return RegionStatus(
        name=name, is_cut=False, topology="", nats=process, redis=process, services=[process], replicators=[process]
    )


@pytest.fixture
def calls(tmp_path: Path) -> list[list[str]]:
    """What curl was called with when everything but the last step was pasted twice."""
    status = Status(data="", regions=[a_region("near", 8081), a_region("far", 8082)], round_trips=[])
    *pasted, last = guide(status, command="crosshook", name_option="")
    assert "crosshook link cut far\n" in last.lines
    (tmp_path / "curl").write_text(CURL)
    (tmp_path / "curl").chmod(0o755)
    recorded = tmp_path / "calls"
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(recorded)}
    lines = "\n".join(step.lines for step in pasted)
    shell = ("/bin/sh", "-eu", "-c", f"{lines}\n{lines}")
    subprocess.run(shell, env=environment, check=True, timeout=20)  # noqa: S603 - lines of ours
    return [json.loads(line) for line in recorded.read_text().splitlines()]


def after(option: str, arguments: list[str]) -> list[str]:
    return [value for flag, value in pairwise(arguments) if flag == option]


def test_each_paste_registers_another_target(calls: list[list[str]]) -> None:
    registrations = [json.loads(after("-d", call)[0]) for call in (calls[0], calls[4])]
    first, second = (registration["target_url"] for registration in registrations)
    assert first != second
    assert first.startswith("https://hooks.example.com/1")


def test_the_id_in_the_answer_is_the_one_that_triggers_are_created_for(calls: list[list[str]]) -> None:
    triggers = f"http://127.0.0.1:8081/organizations/webhooks/{WEBHOOK_ID}/triggers"
    assert all(triggers in call for call in (calls[1], calls[2]))
    assert triggers.replace("8081", "8082") in calls[3]


def test_triggers_are_created_at_both_levels(calls: list[list[str]]) -> None:
    local, everywhere = (after("-H", call) for call in calls[1:3])
    assert "SlashID-Required-Consistency: local_region" in local
    assert {"SlashID-Required-Consistency: all_regions", "SlashID-Required-Consistency-Timeout: 5"} <= set(everywhere)
    assert json.loads(after("-d", calls[1])[0]) == {"trigger_type": "event", "trigger_name": "PersonCreated_v1"}


def test_every_request_names_the_organization(calls: list[list[str]]) -> None:
    assert len(calls) == 8
    assert all(f"SlashID-OrgID: {ORGANIZATION}" in after("-H", call) for call in calls)

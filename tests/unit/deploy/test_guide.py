"""The lines that `crosshook up` prints work in any shell, and again when pasted twice."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from cli.guide import ORGANIZATION, Commands, Place, guide

WEBHOOK_ID = "01a209cc-d549-7788-b87c-a8c76edb7d8d"
API_KEY = "crosshook_01a20c38f44277cbab8f932b318bc41d_-z5145h3oDmhBa9tv5DhSSeQy66VIuJwvSjFeG-r_Qo"
TOKEN = "1.5jrCCmM4MTg1YzA3ZTQAAAAAAAM"  # noqa: S105 - of a position, no secret
CURL = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
if "-i" in sys.argv:
    print("HTTP/1.1 201 Created\\r\\nslashid-consistency-token: {TOKEN}\\r\\ncontent-length: 97\\r\\n\\r\\n", end="")
print('{{"meta": {{}}, "errors": [], "result": {{"id": "{WEBHOOK_ID}", "name": "demo"}}}}')
"""


PLACES = [Place("near", "http://127.0.0.1:8081"), Place("far", "http://127.0.0.1:8082")]
COMMANDS = Commands(link="crosshook link", keys="crosshook keys")


@pytest.fixture
def calls(tmp_path: Path) -> list[list[str]]:
    """The calls of curl if everything but the last three steps is pasted twice."""
    *pasted, cut, heal, keys = guide(PLACES, api_key=API_KEY, commands=COMMANDS)
    assert (cut.lines, heal.lines) == ("crosshook link cut far", "crosshook link heal far")
    assert keys.lines == f"crosshook keys list {ORGANIZATION}"
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
    registrations = [json.loads(after("-d", call)[0]) for call in (calls[0], calls[5])]
    first, second = (registration["target_url"] for registration in registrations)
    assert first != second
    assert first.startswith("https://hooks.example.com/1")


def test_triggers_are_created_for_the_id_in_the_response(calls: list[list[str]]) -> None:
    triggers = f"http://127.0.0.1:8081/organizations/webhooks/{WEBHOOK_ID}/triggers"
    assert all(triggers in call for call in (calls[1], calls[3]))
    assert all(triggers.replace("8081", "8082") in call for call in (calls[2], calls[4]))


def test_triggers_are_created_at_both_levels(calls: list[list[str]]) -> None:
    local, everywhere = (after("-H", call) for call in (calls[1], calls[3]))
    assert "SlashID-Required-Consistency: local_region" in local
    assert {"SlashID-Required-Consistency: all_regions", "SlashID-Required-Consistency-Timeout: 5"} <= set(everywhere)
    assert json.loads(after("-d", calls[1])[0]) == {"trigger_type": "event", "trigger_name": "PersonCreated_v1"}


def test_a_local_write_is_read_elsewhere_with_its_token(calls: list[list[str]]) -> None:
    asked = [call for call in calls if f"SlashID-Consistency-Token: {TOKEN}" in after("-H", call)]
    assert asked == [calls[2], calls[7]]


def test_every_request_names_the_organization_and_shows_its_key(calls: list[list[str]]) -> None:
    assert len(calls) == 10
    for call in calls:
        assert {f"SlashID-OrgID: {ORGANIZATION}", f"SlashID-API-Key: {API_KEY}"} <= set(after("-H", call))


def test_the_cut_names_the_one_write_to_repeat() -> None:
    """The lines before it issue a key and keep ids. While a region is cut off they would get none."""
    *earlier, everywhere, cut, _heal, _keys = guide(PLACES, api_key=API_KEY, commands=COMMANDS)
    assert "PersonDeleted_v1" in cut.heading
    assert "PersonDeleted_v1" in everywhere.lines
    assert not any("PersonDeleted_v1" in step.lines for step in earlier)


def test_without_a_key_the_first_lines_issue_one() -> None:
    register, *_ = guide(PLACES, api_key=None, commands=Commands("crosshook link", "crosshook keys", " --name mine"))
    assert f"\nKEY=$(crosshook keys issue {ORGANIZATION} --name mine)\n" in register.lines


def test_one_region_has_no_link_to_cut() -> None:
    steps = guide(PLACES[:1], api_key=API_KEY, commands=COMMANDS)
    assert not any("link" in step.lines for step in steps)

"""A vault keeps what it was given, whoever opens it."""

from datetime import UTC, datetime
from pathlib import Path

from core.positions import Region
from deploy.vault import open_vault

REGIONS = [Region("us-iowa"), Region("europe-belgium")]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_who_asks_for_no_number_of_servers_leaves_it_as_it_is(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, REGIONS, now=NOW, nats_servers=3)
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept["nats-servers"] == "3"
    assert open_vault(tmp_path, REGIONS, now=NOW).logins == vault.logins
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == kept


def test_where_nobody_ever_asked_for_one_there_is_none(tmp_path: Path) -> None:
    open_vault(tmp_path, REGIONS, now=NOW)
    assert not (tmp_path / "nats-servers").exists()

"""A vault keeps its secrets, however often it is opened."""

from datetime import UTC, datetime
from pathlib import Path

from core.positions import Region
from deploy.vault import open_vault

REGIONS = [Region("us-iowa"), Region("europe-belgium")]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_without_a_given_number_of_servers_the_kept_number_stays(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, REGIONS, now=NOW, nats_servers=3)
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept["nats-servers"] == "3"
    assert open_vault(tmp_path, REGIONS, now=NOW).logins == vault.logins
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == kept


def test_a_number_of_servers_that_was_never_given_is_not_kept(tmp_path: Path) -> None:
    open_vault(tmp_path, REGIONS, now=NOW)
    assert not (tmp_path / "nats-servers").exists()

"""Each container gets what it needs, and no container gets the secret of another."""

import json
import os
import re
import shutil
import ssl
import stat
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

import deploy.docker.command
from core.positions import Region
from core.topology import parse_topology
from deploy.certificates import CERTIFICATE_DAYS, RENEWED_DAYS_BEFORE
from deploy.docker.command import fill, main
from deploy.docker.layout import Users, nats_service
from deploy.logins import Logins
from deploy.nats.accounts import ROUTES
from runtime.credentials import read_credentials
from runtime.settings import Environment

REGIONS = [Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ME = os.getuid()
MINE = Users(crosshook=ME, nats=ME, redis=ME, prometheus=ME, grafana=ME)
SHOWN = {"certificate.pem", "key.pem", "authority.pem"}
FILES = {
    "nats": {"nats.conf"} | SHOWN,
    "redis": {"redis.conf", "operator-password", "passwords"},
    "service": {"topology.toml", "credentials.toml"} | SHOWN,
    "replicator": {"topology.toml", "credentials.toml"} | SHOWN,
}


def filled(directory: Path, now: datetime = NOW, *, nats_servers: int = 1) -> dict[str, list[str]]:
    changed = fill(directory, REGIONS, now=now, nats_servers=nats_servers, users=MINE)
    return {name: list(files) for name, files in changed.items()}


def changed_in(directory: Path) -> set[str]:
    """The volumes in which a second start changes a file."""
    return {name for name, files in filled(directory).items() if files}


def everything(directory: Path) -> dict[str, tuple[bytes, int, int]]:
    """Path → content, mode and time of change."""
    return {
        str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    filled(tmp_path)
    return tmp_path


def logins(volumes: Path) -> Logins:
    return msgspec.json.decode((volumes / "vault" / "logins.json").read_bytes(), type=Logins)


def test_every_volume_has_the_files_of_its_role_and_no_others(volumes: Path) -> None:
    found = {path.name: {file.name for file in path.iterdir()} for path in volumes.iterdir()}
    vault = found.pop("vault")
    assert vault == {"logins.json", "admin-key", "authority.pem", "authority-key.pem", "nats-servers", "changed.json"}
    assert found.pop("operator") == SHOWN
    assert found.pop("admin") == {"admin-key"}
    assert found.pop("prometheus") == {"prometheus.yml", "rules", "targets"}
    assert found.pop("grafana") == {"provisioning", "dashboards"}
    data = {name: files for name, files in found.items() if name.endswith("-data")}
    assert set(data) == {f"{region}-{kind}-data" for region in REGIONS for kind in ("nats", "redis")} | {
        "guide-data",
        "prometheus-data",
    }
    assert not any(data.values())
    assert {name: files for name, files in found.items() if name not in data} == {
        f"{region}-{role}": files for region in REGIONS for role, files in FILES.items()
    }


def test_only_its_owner_can_read_a_file_and_no_user_can_write_it(volumes: Path) -> None:
    assert {stat.S_IMODE(mode) for _, mode, _ in everything(volumes).values()} == {0o400}


def test_a_folder_in_a_volume_can_be_entered_and_keeps_no_earlier_file(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        filled(tmp_path)
    finally:
        os.umask(before)
    rules = tmp_path / "prometheus" / "rules"
    assert stat.S_IMODE(rules.stat().st_mode) == 0o755
    (rules / "gone.yml").touch()
    filled(tmp_path)
    assert "gone.yml" not in {path.name for path in rules.iterdir()}


def test_only_its_owner_gets_into_a_volume_of_data(volumes: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in volumes.glob("*-data")} == {0o700}


def test_a_file_belongs_to_its_user_and_the_vault_to_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, set[int]] = {}

    def chown(descriptor: int, owner: int, _: int) -> None:
        volume = Path(f"/proc/self/fd/{descriptor}").readlink().parent.name
        given.setdefault(volume, set()).add(owner)

    monkeypatch.setattr(os, "fchown", chown)
    monkeypatch.setattr(os, "chown", lambda path, owner, _: given.setdefault(Path(path).name, set()).add(owner))
    fill(tmp_path, REGIONS, now=NOW, users=Users(1_001, 1_002, 1_003, prometheus=1_004, grafana=1_005))
    assert given.pop("vault") == {os.geteuid()}
    by_kind = {
        r".*-nats(-data)?": {1_002},
        r".*-redis(-data)?": {1_003},
        r"(prometheus|rules|targets|prometheus-data)": {1_004},
        r"(dashboards|datasources)": {1_005},
        r".*": {1_001},
    }
    for volume, owners in given.items():
        assert owners == next(wanted for kind, wanted in by_kind.items() if re.fullmatch(kind, volume)), volume


def test_a_second_start_changes_nothing(volumes: Path) -> None:
    before = everything(volumes)
    assert not any(filled(volumes, NOW + timedelta(days=100)).values())
    assert everything(volumes) == before


@pytest.mark.parametrize("nats_servers", [1, 3])
def test_no_volume_has_a_secret_of_another_role(tmp_path: Path, nats_servers: int) -> None:
    """For each secret, the volumes that contain it, apart from the vault, are exactly those of its holders."""
    volumes = tmp_path
    filled(volumes, nats_servers=nats_servers)
    known = logins(volumes)
    secrets: dict[str, set[str]] = {}
    for region, users in known.nats.items():
        for user, password in users.items():
            servers = {nats_service(Region(region), server=server) for server in range(1, nats_servers + 1)}
            # A single server needs no password for routes.
            is_shown = user != ROUTES or nats_servers > 1
            secrets[password] = (servers if is_shown else set()) | _holders(region, user)
    for region, users in known.redis.items():
        for user, password in users.items():
            secrets[password] = {f"{region}-redis"} if user == "operator" else {f"{region}-{user}"}
    secrets[(volumes / "vault" / "admin-key").read_text()] = {"admin"}
    secrets[(volumes / "vault" / "authority-key.pem").read_text()] = set()
    texts = {
        path.name: "\n".join(file.read_text() for file in path.rglob("*") if file.is_file())
        for path in volumes.iterdir()
        if path.name != "vault"
    }
    for secret, holders in secrets.items():
        assert {name for name, text in texts.items() if secret in text} == holders


def _holders(region: str, user: str) -> set[str]:
    """The volumes with the password of `user` at the NATS of `region`, apart from that of the NATS."""
    if user.startswith("peer-"):
        return {f"{user.removeprefix('peer-')}-replicator"}
    return {
        "service": {f"{region}-service"},
        "replicator": {f"{region}-replicator"},
    }.get(user, set())


def test_no_two_volumes_share_a_key(volumes: Path) -> None:
    keys = [path.read_text() for path in volumes.rglob("key.pem")]
    assert len(keys) == len(set(keys)) == 3 * len(REGIONS) + 1


def test_two_deployments_share_no_secret(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        filled(tmp_path / name)
    a, b = (set(re.findall(r"[\w-]{40,}", (tmp_path / name / "vault" / "logins.json").read_text())) for name in "ab")
    assert a
    assert not a & b


def test_a_user_that_a_newer_version_has_gets_a_password_and_the_others_keep_theirs(volumes: Path) -> None:
    vault = volumes / "vault" / "logins.json"
    known = json.loads(vault.read_text())
    kept = known["nats"]["us-iowa"].pop("service")
    vault.unlink()
    vault.write_text(json.dumps(known))
    assert changed_in(volumes) == {"us-iowa-nats", "us-iowa-service"}
    after = json.loads(vault.read_text())
    assert after["nats"]["us-iowa"].pop("service") != kept
    assert after == known


def test_a_user_that_a_newer_version_no_longer_has_loses_its_password_and_its_files(volumes: Path) -> None:
    before = everything(volumes)
    vault = volumes / "vault" / "logins.json"
    known = json.loads(vault.read_text())
    known["nats"]["us-iowa"]["observer"] = "a-password-of-an-earlier-version"
    vault.unlink()
    vault.write_text(json.dumps(known))
    (volumes / "operator" / "credentials.toml").write_text("a-password-of-an-earlier-version")
    assert changed_in(volumes) == set()
    after = everything(volumes)
    assert {name: rest[:2] for name, rest in after.items()} == {name: rest[:2] for name, rest in before.items()}


def test_lost_changed_and_foreign_files_are_repaired(volumes: Path) -> None:
    before = everything(volumes)
    (volumes / "us-iowa-nats" / "nats.conf").unlink()
    (volumes / "us-iowa-redis" / "redis.conf").chmod(0o644)
    (volumes / "admin" / "admin-key").unlink()
    (volumes / "admin" / "admin-key").write_text("another")
    (volumes / "us-iowa-service" / "credentials.toml.unfinished").write_text("")
    changed = {name: files for name, files in filled(volumes).items() if files}
    assert changed == {"us-iowa-nats": ["nats.conf"], "us-iowa-redis": ["redis.conf"], "admin": ["admin-key"]}
    after = everything(volumes)
    assert {name: rest[:2] for name, rest in after.items()} == {name: rest[:2] for name, rest in before.items()}


def test_a_certificate_that_expires_soon_is_renewed_by_the_same_authority(volumes: Path) -> None:
    authority = (volumes / "vault" / "authority.pem").read_text()
    late = NOW + timedelta(days=CERTIFICATE_DAYS - RENEWED_DAYS_BEFORE, seconds=1)
    changed = {name: files for name, files in filled(volumes, late).items() if files}
    assert len(changed) == 3 * len(REGIONS) + 1
    assert all(files == ["certificate.pem", "key.pem"] for files in changed.values())
    assert (volumes / "vault" / "authority.pem").read_text() == authority


def test_an_invalid_certificate_is_issued_again(volumes: Path) -> None:
    iowa, belgium = volumes / "us-iowa-nats", volumes / "europe-belgium-nats"
    spoilt: list[Callable[[], None]] = [
        lambda: _exchange(iowa / "key.pem", belgium / "key.pem"),
        lambda: _exchange(iowa / "certificate.pem", belgium / "certificate.pem"),
        lambda: _exchange(iowa / "certificate.pem", volumes / "us-iowa-service" / "certificate.pem"),
        lambda: _write(iowa / "certificate.pem", "nothing of the kind"),
    ]
    for spoil in spoilt:
        spoil()
        assert filled(volumes)["us-iowa-nats"] == ["certificate.pem", "key.pem"]
        assert not any(filled(volumes).values())


def test_the_certificate_and_key_of_another_region_are_replaced(volumes: Path) -> None:
    iowa, belgium = volumes / "us-iowa-nats", volumes / "europe-belgium-nats"
    for name in ("key.pem", "certificate.pem"):
        _exchange(iowa / name, belgium / name)
    assert filled(volumes)["us-iowa-nats"] == ["certificate.pem", "key.pem"]


def _exchange(a: Path, b: Path) -> None:
    texts = a.read_text(), b.read_text()
    _write(b, texts[0])
    _write(a, texts[1])


def _write(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def test_topologies_name_the_expected_certificate_for_every_address_of_a_region(volumes: Path) -> None:
    for here in REGIONS:
        for role in ("service", "replicator"):
            document = tomllib.loads((volumes / f"{here}-{role}" / "topology.toml").read_text())
            regions = parse_topology(document, here=here).regions
            assert {name: region.tls_name for name, region in regions.items()} == {name: name for name in REGIONS}
            assert regions[here].nats == [f"tls://{here}-nats:4222"]
            assert regions[here].redis == f"redis://{here}-redis:6379/0"
            assert all(
                region.nats[0].startswith(f"tls://{here}-exit:") for name, region in regions.items() if name != here
            )


@pytest.fixture
def of_three(tmp_path: Path) -> Path:
    """Volumes of regions with three NATS servers each."""
    filled(tmp_path, datetime.now(UTC), nats_servers=3)
    return tmp_path


def configuration_of(volumes: Path, volume: str) -> dict[str, Any]:
    """The configuration of a server."""
    configuration: dict[str, Any] = json.loads((volumes / volume / "nats.conf").read_text())
    return configuration


def test_each_of_three_servers_has_volumes_of_its_own_and_nothing_else_is_added(
    of_three: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one = tmp_path_factory.mktemp("one")
    filled(one)
    added = {path.name for path in of_three.iterdir()} - {path.name for path in one.iterdir()}
    servers = {f"{region}-nats-{server}" for region in REGIONS for server in (2, 3)}
    assert added == servers | {f"{server}-data" for server in servers}
    for server in servers:
        assert {file.name for file in (of_three / server).iterdir()} == FILES["nats"]
        assert not any((of_three / f"{server}-data").iterdir())


def test_a_server_that_is_alone_is_in_no_cluster(volumes: Path) -> None:
    assert "cluster" not in configuration_of(volumes, "us-iowa-nats")
    assert configuration_of(volumes, "us-iowa-nats")["server_name"] == "us-iowa"


def test_three_servers_of_a_region_form_one_cluster_over_tls(of_three: Path) -> None:
    for region in REGIONS:
        password = logins(of_three).nats[region]["routes"]
        hosts = [f"{region}-nats", f"{region}-nats-2", f"{region}-nats-3"]
        configurations = [configuration_of(of_three, host) for host in hosts]
        assert [one["server_name"] for one in configurations] == [f"{region}-1", f"{region}-2", f"{region}-3"]
        for host, one in zip(hosts, configurations, strict=True):
            assert one["cluster"] == {
                "name": region,
                "advertise": f"{host}:6222",
                "listen": "0.0.0.0:6222",
                "authorization": {"user": "routes", "password": password},
                "routes": [f"nats-route://routes:{password}@{host}:6222" for host in hosts],
                "tls": {key: value for key, value in one["tls"].items() if key != "handshake_first"},
            }
            assert one["cluster"]["tls"]["verify"] is True
            assert one["accounts"] == configurations[0]["accounts"]


def test_each_log_is_kept_on_three_servers_and_each_has_its_own_address(of_three: Path) -> None:
    for here in REGIONS:
        for volume in (f"{here}-service", f"{here}-replicator"):
            document = tomllib.loads((of_three / volume / "topology.toml").read_text())
            for name, region in parse_topology(document, here=here).regions.items():
                order = REGIONS.index(name) + 1
                assert region.replicas == 3
                assert region.tls_name == name
                assert region.nats == (
                    [f"tls://{here}-nats:4222", f"tls://{here}-nats-2:4222", f"tls://{here}-nats-3:4222"]
                    if name == here
                    else [f"tls://{here}-exit:4{hundred}0{order}" for hundred in (3, 4, 5)]
                )


@pytest.mark.parametrize("server", ["us-iowa-nats", "us-iowa-nats-2", "us-iowa-nats-3"])
def test_processes_and_the_other_servers_accept_the_certificate_of_each_of_three_servers(
    of_three: Path, server: str
) -> None:
    shake_hands(*contexts(of_three, client="europe-belgium-replicator", server=server), name="us-iowa")
    for other in ("us-iowa-nats", "us-iowa-nats-2", "us-iowa-nats-3"):
        shake_hands(*contexts(of_three, client=other, server=server), name=server)


def test_no_process_can_pass_itself_off_as_one_of_three_servers(of_three: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        shake_hands(*contexts(of_three, client="us-iowa-nats", server="us-iowa-service"), name="us-iowa")


def test_a_second_start_of_three_servers_changes_nothing(of_three: Path) -> None:
    before = everything(of_three)
    assert not any(filled(of_three, datetime.now(UTC), nats_servers=3).values())
    assert everything(of_three) == before


@pytest.mark.parametrize(("made_for", "asked_for"), [(1, 3), (3, 1)])
def test_volumes_for_another_number_of_servers_stay_unchanged(tmp_path: Path, made_for: int, asked_for: int) -> None:
    filled(tmp_path, nats_servers=made_for)
    before = everything(tmp_path)
    assert not any(filled(tmp_path, nats_servers=asked_for).values())
    assert everything(tmp_path) == before


def test_volumes_that_are_not_mounted_are_not_filled(tmp_path: Path) -> None:
    """This happens if deploy/nats/three.yml is forgotten: `init` then lacks the volumes of the other servers."""
    filled(tmp_path, nats_servers=3)
    for volume in tmp_path.glob("*-nats-[23]*"):
        shutil.rmtree(volume)
    before = everything(tmp_path)
    (tmp_path / "us-iowa-redis" / "redis.conf").unlink()
    changed = filled(tmp_path, nats_servers=1)
    assert {name: files for name, files in changed.items() if files} == {"us-iowa-redis": ["redis.conf"]}
    assert set(everything(tmp_path)) == set(before)
    assert not list(tmp_path.glob("*-nats-[23]*"))


def test_volumes_without_a_number_of_servers_are_for_one_server(volumes: Path) -> None:
    (volumes / "vault" / "nats-servers").unlink()
    assert not any(filled(volumes, nats_servers=3).values())
    assert (volumes / "vault" / "nats-servers").read_text() == "1"


def test_credentials_match_the_users_of_the_servers(volumes: Path) -> None:
    known = logins(volumes)
    credentials = read_credentials(volumes / "us-iowa-replicator" / "credentials.toml")
    assert {region: login.user for region, login in credentials.nats.items()} == {
        "us-iowa": "replicator",
        "europe-belgium": "peer-us-iowa",
        "asia-japan": "peer-us-iowa",
    }
    for region, login in credentials.nats.items():
        accounts = json.loads((volumes / f"{region}-nats" / "nats.conf").read_text())["accounts"]
        users = {user["user"]: user["password"] for account in accounts.values() for user in account["users"]}
        assert users[login.user] == login.password == known.nats[region][login.user]


def contexts(volumes: Path, *, client: str, server: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The TLS contexts of a connecting process and of a NATS server."""
    shown, asked = volumes / client, volumes / server
    connecting = Environment(
        {
            "CROSSHOOK_TLS_AUTHORITY": str(shown / "authority.pem"),
            "CROSSHOOK_TLS_CERTIFICATE": str(shown / "certificate.pem"),
            "CROSSHOOK_TLS_KEY": str(shown / "key.pem"),
        }
    ).tls()
    # Python's default from 3.13 on.
    connecting.verify_flags |= ssl.VERIFY_X509_STRICT
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(asked / "authority.pem"))
    serving.verify_mode = ssl.CERT_REQUIRED
    serving.verify_flags |= ssl.VERIFY_X509_STRICT
    serving.load_cert_chain(asked / "certificate.pem", asked / "key.pem")
    return connecting, serving


def shake_hands(connecting: ssl.SSLContext, serving: ssl.SSLContext, *, name: str) -> None:
    """Raises what either side raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = connecting.wrap_bio(to_client, to_server, server_hostname=name)
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    pending = [client, server]
    for _ in range(10):
        for side in tuple(pending):
            try:
                side.do_handshake()
                pending.remove(side)
            except ssl.SSLWantReadError:
                continue
    assert not pending


@pytest.fixture
def today(tmp_path: Path) -> Path:
    filled(tmp_path, datetime.now(UTC))
    return tmp_path


@pytest.mark.parametrize("client", ["us-iowa-service", "europe-belgium-replicator", "operator"])
def test_the_nats_of_a_region_and_every_process_accept_each_others_certificates(today: Path, client: str) -> None:
    shake_hands(*contexts(today, client=client, server="us-iowa-nats"), name="us-iowa")


def test_the_nats_of_another_region_is_refused(today: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(*contexts(today, client="us-iowa-replicator", server="asia-japan-nats"), name="europe-belgium")


def test_a_process_cannot_pass_itself_off_as_its_regions_nats(today: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        shake_hands(*contexts(today, client="us-iowa-replicator", server="asia-japan-service"), name="asia-japan")


def test_no_client_of_another_deployment_is_accepted(today: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    filled(elsewhere, datetime.now(UTC))
    connecting, _ = contexts(elsewhere, client="us-iowa-replicator", server="us-iowa-nats")
    connecting.load_verify_locations(today / "us-iowa-nats" / "authority.pem")
    _, serving = contexts(today, client="us-iowa-replicator", server="us-iowa-nats")
    with pytest.raises(ssl.SSLError):
        shake_hands(connecting, serving, name="us-iowa")


@pytest.mark.parametrize("written", range(8))
def test_an_init_that_is_killed_can_continue_with_the_same_number_of_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """Each file is written atomically, so a kill can only come between two files."""
    replace, allowed = Path.replace, iter(range(written))

    def replace_or_die(path: Path, target: Path) -> Path:
        if next(allowed, None) is None:
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_or_die)
    with pytest.raises(KeyboardInterrupt):
        filled(tmp_path, nats_servers=3)
    monkeypatch.undo()
    filled(tmp_path, nats_servers=3)
    assert (tmp_path / "vault" / "nats-servers").read_text() == "3"


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Result]:
    """Run the command with the user of these tests as the owner of every file."""
    monkeypatch.setattr(os, "fchown", lambda *_: None)
    monkeypatch.setattr(os, "chown", lambda *_: None)
    monkeypatch.setattr(deploy.docker.command, "fill", partial(fill, users=MINE))
    return lambda directory: CliRunner().invoke(main, [*REGIONS, "--directory", str(directory)])


def test_the_command_explains_how_to_continue_with_volumes_for_another_number_of_servers(
    volumes: Path, program: Callable[[Path], Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 0: after an error, Compose would not start the containers that it has stopped."""
    monkeypatch.setenv("NATS_SERVERS", "3")
    outcome = program(volumes)
    assert outcome.exit_code == 0
    assert "of regions with one NATS server each. They keep that number, although 3 NATS servers" in outcome.output
    assert "To keep the data: COMPOSE_FILE=docker-compose.yml\n" in outcome.output
    assert outcome.output.endswith("`up -d` with COMPOSE_FILE=docker-compose.yml:deploy/nats/three.yml\n")


def test_the_command_prints_what_it_changed_and_no_secret(tmp_path: Path, program: Callable[[Path], Result]) -> None:
    outcome = program(tmp_path)
    assert outcome.exit_code == 0
    assert "us-iowa-redis: redis.conf, operator-password, passwords\n" in outcome.output
    assert "restart" not in outcome.output, "nothing runs before the first start"
    assert not any(password in outcome.output for password in logins(tmp_path).nats[REGIONS[0]].values())
    assert program(tmp_path).output == "nothing has changed\n"


def test_the_command_prints_which_containers_must_be_restarted(
    volumes: Path, program: Callable[[Path], Result]
) -> None:
    for lost in (
        "us-iowa-nats/nats.conf",
        "us-iowa-redis/redis.conf",
        "asia-japan-service/topology.toml",
        "asia-japan-replicator/credentials.toml",
        "operator/authority.pem",
        "prometheus/rules/alerts.yml",
        "grafana/dashboards/crosshook.json",
    ):
        (volumes / lost).unlink()
    processes = [f"asia-japan-{role}-{number}" for role in ("service", "replicator") for number in (1, 2)]
    assert program(volumes).output.partition("Running containers")[2].splitlines() == [
        " have not read these files. Restart them, one region after the other:",
        "docker compose restart us-iowa-nats us-iowa-redis",
        f"docker compose restart {' '.join(processes)}",
        "docker compose restart prometheus",
    ]

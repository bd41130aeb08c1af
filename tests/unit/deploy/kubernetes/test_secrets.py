"""The command makes the Secrets that the manifests name, each role's own, and keeps them from run to run."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]
import msgspec
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

import replicator.settings
import service.settings
from core.positions import Region
from deploy.kubernetes.command import main
from deploy.logins import Logins
from runtime.settings import Environment
from tests.rules import ROOT
from tests.unit.deploy.kubernetes.pods import Files, environment, opened, put_files, secrets_in, taken
from tests.unit.deploy.kubernetes.rendered import WORKLOADS, Manifests

REGIONS = ("us-iowa", "europe-belgium", "asia-japan")
HERE = REGIONS[0]
PROCESSES = {"service", "replicator"}
"""The clients of NATS and Redis. Their user names are their roles."""
PASSWORD = re.compile(r"password(?:\"?: | = )\"([^\"]+)\"")


def run(directory: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, [*arguments, "--directory", str(directory)])
    return result.exit_code, result.output


def make(directory: Path, *arguments: str) -> None:
    code, printed = run(directory, *arguments)
    assert code == 0, printed


def made(directory: Path, region: str = HERE) -> Files:
    return opened(secrets_in(directory / f"{region}.json"))


def nats_configuration(secrets: Files) -> dict[str, object]:
    text = re.sub(r": (\$POD_[A-Z]+)", r': "\1"', secrets["nats"]["nats.conf"])
    return dict(json.loads(text))


def certificate(secrets: Files, role: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(secrets[f"{role}-tls"]["tls.crt"].encode())


def names_in(shown: x509.Certificate) -> list[str]:
    extension = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("kubernetes") / "secrets"
    make(directory, *REGIONS)
    return directory


def test_exactly_the_secrets_that_pods_name_are_made(manifests: Manifests, directory: Path) -> None:
    named = {one for role in WORKLOADS for one in taken(manifests.pod(role))}
    for region in REGIONS:
        assert named == {(name, key) for name, files in made(directory, region).items() for key in files}


def test_every_secret_is_valid_and_in_the_namespace_of_the_pods(manifests: Manifests, directory: Path) -> None:
    for secret in secrets_in(directory / f"{HERE}.json"):
        kubernetes_validate.validate(secret, "1.30", strict=True)
        assert secret["metadata"]["namespace"] == manifests.workload("nats")["metadata"]["namespace"]
        is_certificate = secret["metadata"]["name"].endswith("-tls")
        assert secret["type"] == ("kubernetes.io/tls" if is_certificate else "Opaque")


@pytest.mark.parametrize("role", ["service", "admin", "replicator"])
def test_a_process_starts_with_what_its_pod_has(
    manifests: Manifests, directory: Path, tmp_path: Path, role: str
) -> None:
    put_files(manifests, role, made(directory), into=tmp_path)
    variables = environment(manifests, role, files=tmp_path)
    read = replicator.settings.read_settings if role == "replicator" else service.settings.read_settings
    settings = read(variables)
    (port,) = manifests.container(role)["ports"]
    assert (settings.region, settings.host, settings.port) == (HERE, "::", port["containerPort"])
    topology, _ = Environment(variables).place()
    for region in REGIONS if role == "replicator" else REGIONS[:1]:
        assert all("@" in address for address in topology.regions[Region(region)].nats)
    assert "@" in topology.regions[Region(HERE)].redis
    has_admin_routes = isinstance(settings, service.settings.Settings) and bool(settings.admin_keys)
    assert has_admin_routes == (role == "admin")


def test_every_variable_of_a_pod_is_a_documented_setting(manifests: Manifests) -> None:
    rows = (ROOT / "docs" / "configuration.md").read_text()
    for role in ("service", "admin", "replicator"):
        for variable in manifests.container(role)["env"]:
            assert f"\n| `{variable['name']}` |" in rows


def test_nats_accepts_its_configuration(manifests: Manifests, directory: Path, tmp_path: Path) -> None:
    put_files(manifests, "nats", made(directory), into=tmp_path)
    configuration = tmp_path / "nats.conf"
    configuration.write_text(configuration.read_text().replace("/etc/crosshook", str(tmp_path)))
    command = (str(Path(sys.executable).with_name("nats-server")), "-t", "--config", str(configuration))
    found = {"POD_NAME": "nats-0", "POD_ADVERTISED": "nats-0.nats:6222"}
    done = subprocess.run(command, env=found, check=False, capture_output=True, timeout=20)  # noqa: S603
    assert done.returncode == 0, done.stderr.decode()


def test_servers_listen_on_the_ports_of_their_pods(manifests: Manifests, directory: Path) -> None:
    ports = {
        role: {port["name"]: port["containerPort"] for port in manifests.container(role)["ports"]}
        for role in ("nats", "redis")
    }
    nats = nats_configuration(made(directory))
    assert nats["listen"] == f"0.0.0.0:{ports['nats']['client']}"
    assert nats["http"] == f"0.0.0.0:{ports['nats']['monitor']}"
    assert nats["cluster"]["listen"] == f"0.0.0.0:{ports['nats']['route']}"  # type: ignore[index]
    assert f"port {ports['redis']['redis']}" in made(directory)["redis"]["redis.conf"].splitlines()


def test_data_goes_to_the_volumes_and_fits_into_them(manifests: Manifests, directory: Path) -> None:
    (claim,) = manifests.workload("nats")["spec"]["volumeClaimTemplates"]
    gibibytes = int(claim["spec"]["resources"]["requests"]["storage"].removesuffix("Gi"))
    for role in ("nats", "redis"):
        mounts = {mount["name"]: mount["mountPath"] for mount in manifests.container(role)["volumeMounts"]}
        assert mounts["data"] == "/var/lib/crosshook"
    assert nats_configuration(made(directory))["jetstream"] == {
        "store_dir": "/var/lib/crosshook",
        "sync_interval": "always",
        "max_file_store": gibibytes * 2**30 * 8 // 10,
    }
    assert 'dir "/var/lib/crosshook"' in made(directory)["redis"]["redis.conf"].splitlines()


def test_the_certificate_names_every_server_of_its_region(manifests: Manifests, directory: Path) -> None:
    secrets = made(directory)
    hosts = [f"nats-{index}.nats" for index in range(manifests.workload("nats")["spec"]["replicas"])]
    routes = nats_configuration(secrets)["cluster"]["routes"]  # type: ignore[index]
    assert [route.rpartition("@")[2] for route in routes] == [f"{host}:6222" for host in hosts]
    shown = certificate(secrets, "nats")
    assert names_in(shown) == [HERE, *hosts]
    uses = shown.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(uses) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}


@pytest.mark.parametrize("role", ["service", "replicator"])
def test_a_process_cannot_pass_for_a_server(directory: Path, role: str) -> None:
    shown = certificate(made(directory), role)
    uses = shown.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert names_in(shown) == [HERE]


def test_no_role_gets_a_secret_of_another_role(directory: Path) -> None:
    """For each secret, the Secrets that contain it are exactly those of its holders."""
    vault = directory / "vault"
    known = msgspec.json.decode((vault / "logins.json").read_bytes(), type=Logins)
    holders: dict[str, set[tuple[str, str]]] = {
        (vault / "admin-key").read_text(): {(region, "admin") for region in REGIONS},
        (vault / "authority-key.pem").read_text(): set(),
    }
    for region, users in known.nats.items():
        for user, password in users.items():
            asks = (user.removeprefix("peer-"), "replicator") if user.startswith("peer-") else (region, user)
            holders[password] = {(region, "nats")} | ({asks} if asks[1] in PROCESSES else set())
    for region, users in known.redis.items():
        for user, password in users.items():
            holders[password] = {(region, user)} if user in PROCESSES else set()
    texts = {
        (region, name): "".join(files.values()) for region in REGIONS for name, files in made(directory, region).items()
    }
    for secret, expected in holders.items():
        assert {where for where, text in texts.items() if secret in text} == expected
    keys = [files["tls.key"] for region in REGIONS for files in made(directory, region).values() if "tls.key" in files]
    assert len(set(keys)) == len(keys) == 3 * len(REGIONS)


def test_only_the_owner_can_read_the_secrets_and_git_ignores_them(directory: Path) -> None:
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert (directory / ".gitignore").read_text() == "*\n"
    for path in (*directory.glob("*.json"), directory / "options"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_run_keeps_known_secrets_and_adds_new_ones(tmp_path: Path) -> None:
    make(tmp_path, *REGIONS[:2])
    before = made(tmp_path)
    make(tmp_path, *REGIONS)
    after = made(tmp_path)
    for name in ("redis", "service", "admin"):
        assert after[name] == before[name]
    known = set(PASSWORD.findall(before["nats"]["nats.conf"]))
    assert known < set(PASSWORD.findall(after["nats"]["nats.conf"]))
    assert f"PEER-{REGIONS[2].upper()}" in after["nats"]["nats.conf"]
    assert f"[nats.{REGIONS[2]}]" in after["replicator"]["credentials.toml"]
    assert after["nats-tls"]["ca.crt"] == before["nats-tls"]["ca.crt"]
    assert certificate(after, "nats").serial_number != certificate(before, "nats").serial_number


def test_a_known_region_that_is_not_named_is_an_error(tmp_path: Path) -> None:
    make(tmp_path, *REGIONS)
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    code, printed = run(tmp_path, *REGIONS[:2])
    assert code == 2
    assert f"not named, but there are secrets for: {REGIONS[2]}" in printed
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == kept


ONE_SERVER = ("--one-nats-server", HERE)


@pytest.mark.parametrize(
    ("first", "later", "says"),
    [
        (ONE_SERVER, (), "--one-nats-server us-iowa --nats-disk 20 --namespace crosshook"),
        ((), ONE_SERVER, "--nats-disk 20 --namespace crosshook"),
        (("--nats-disk", "50"), (), "--nats-disk 50 --namespace crosshook"),
        (("--namespace", "hooks"), (), "--nats-disk 20 --namespace hooks"),
        (("--no-certificates",), (), "--nats-disk 20 --namespace crosshook --no-certificates"),
    ],
)
def test_a_later_run_must_have_the_options_of_the_first(
    tmp_path: Path, first: tuple[str, ...], later: tuple[str, ...], says: str
) -> None:
    make(tmp_path, *REGIONS, *first)
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    code, printed = run(tmp_path, *REGIONS, *later)
    assert (code, f"made with {says}. Use these options again" in printed) == (2, True), printed
    assert f"edit {tmp_path / 'options'}" in printed
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == kept
    make(tmp_path, *REGIONS, *says.split())


def test_a_new_region_may_have_its_own_number_of_servers(tmp_path: Path) -> None:
    make(tmp_path, *REGIONS[1:])
    make(tmp_path, *REGIONS, *ONE_SERVER)
    assert "cluster" not in nats_configuration(made(tmp_path))
    assert "cluster" in nats_configuration(made(tmp_path, REGIONS[1]))
    assert run(tmp_path, *REGIONS)[0] == 2


def test_changed_options_are_first_written_into_the_file_of_options(tmp_path: Path) -> None:
    make(tmp_path, *REGIONS)
    options = tmp_path / "options"
    options.write_text(options.read_text().replace("20", "50"))
    assert run(tmp_path, *REGIONS)[0] == 2
    make(tmp_path, *REGIONS, "--nats-disk", "50")
    options.write_text("fifty")
    code, printed = run(tmp_path, *REGIONS, "--nats-disk", "50")
    assert (code, f"{options}: JSON is malformed" in printed) == (2, True), printed


def test_a_region_of_one_server_has_no_cluster(tmp_path: Path) -> None:
    make(tmp_path, *REGIONS, "--one-nats-server", HERE)
    assert "cluster" not in nats_configuration(made(tmp_path))
    assert names_in(certificate(made(tmp_path), "nats")) == [HERE, "nats-0.nats"]
    assert "cluster" in nats_configuration(made(tmp_path, REGIONS[1]))


def test_certificates_may_come_from_another_source(tmp_path: Path) -> None:
    make(tmp_path, *REGIONS, "--no-certificates", "--namespace", "hooks")
    assert set(made(tmp_path)) == {"nats", "redis", "service", "admin", "replicator"}
    assert {secret["metadata"]["namespace"] for secret in secrets_in(tmp_path / f"{HERE}.json")} == {"hooks"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("us_iowa",), "region 'us_iowa': expected 1 to 32 of a-z, 0-9 and -"),
        (("us-iowa", "--one-nats-server", "mars"), "--one-nats-server: expected one of the regions, got 'mars'"),
        ((), "Missing argument"),
    ],
)
def test_invalid_arguments_are_reported_and_nothing_is_written(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    code, printed = run(tmp_path / "secrets", *arguments)
    assert (code, says in printed) == (2, True), printed
    assert not (tmp_path / "secrets").exists()

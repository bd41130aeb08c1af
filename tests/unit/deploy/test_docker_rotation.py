"""A change of a secret of Docker Compose: its lines make exactly the containers with changed files read them."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from core.positions import Region
from deploy.certificates import Authority, Identity
from deploy.docker.command import fill
from deploy.docker.layout import Users
from deploy.docker.rotate import Deployment, main, rotate
from deploy.kept_logins import rotation_in
from deploy.rotating import RotationRefused
from runtime.credentials import read_credentials

REGIONS = [Region("us-iowa"), Region("asia-japan")]
NOW = datetime.now(UTC)
SERVICE = ["us-iowa/nats/service"]
ME = os.getuid()
OWN = Users(crosshook=ME, nats=ME, redis=ME, prometheus=ME, grafana=ME)


class Compose:
    """The volumes, and what each step changed in them."""

    def __init__(self, directory: Path, users: Users) -> None:
        self.directory = directory
        fill(directory, REGIONS, now=NOW, users=users)
        self.deployment = Deployment(directory, nats_servers=1, users=users)

    def files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.directory)): path.read_text()
            for path in sorted(self.directory.rglob("*"))
            if path.is_file() and "vault" not in path.parts
        }

    def text(self, path: str) -> str:
        return (self.directory / path).read_text()

    def step(self, words: list[str], *, after: int | None = None) -> tuple[list[str], set[str]]:
        """The lines of a step, and the volumes whose files it changed."""
        before = self.files()
        lines = rotate(self.deployment, words, after=after)
        now = self.files()
        changed = {path.split("/")[0] for path in now if before.get(path) != now[path]}
        return lines, changed

    def all_steps(self, words: list[str]) -> list[tuple[list[str], set[str]]]:
        steps: list[tuple[list[str], set[str]]] = []
        after: int | None = None
        while not steps or steps[-1][0][-1].startswith("eval"):
            steps.append(self.step(words, after=after))
            after = len(steps)
        return steps


@pytest.fixture
def compose(tmp_path: Path) -> Compose:
    return Compose(tmp_path, OWN)


def touched(lines: list[str]) -> set[str]:
    """The containers that the lines are about."""
    found = re.findall(r"(?:kill -s HUP|exec -T) (\S+)", "\n".join(lines))
    return {re.sub(r"-(service|replicator)-[12]$", r"-\1", name) for name in found}


@pytest.mark.parametrize(
    "words",
    [
        SERVICE,
        ["us-iowa/nats/peer-asia-japan"],
        ["us-iowa/nats/log-operator"],
        ["asia-japan/redis/replicator"],
        ["certificate", "us-iowa-nats"],
        ["certificate", "asia-japan-service"],
        ["authority"],
    ],
    ids=" ".join,
)
def test_each_step_touches_the_containers_whose_files_it_changed(compose: Compose, words: list[str]) -> None:
    *steps, (last, changed_last) = compose.all_steps(words)
    assert last == [f"echo '{' '.join(words)} is changed'"]
    assert changed_last == set(), "the last step has changed everything"
    for lines, changed in steps:
        assert touched(lines) == changed - {"operator"}, lines[0]
    assert rotation_in(compose.directory / "vault") is None


def test_the_logins_of_the_files_agree_at_every_step(compose: Compose) -> None:
    after: int | None = None
    seen = set()
    while True:
        lines, _ = compose.step(SERVICE, after=after)
        login = read_credentials(compose.directory / "us-iowa-service" / "credentials.toml").nats[REGIONS[0]]
        users = msgspec.json.decode(compose.text("us-iowa-nats/nats.conf"))["accounts"]["SERVICE"]["users"]
        assert {user["user"]: user["password"] for user in users}[login.user] == login.password
        seen.add(login)
        if not lines[-1].startswith("eval"):
            break
        after = (after or 0) + 1
    assert len(seen) == 3, "the old login, the second user, the new password"


def test_every_certificate_is_of_a_trusted_authority_at_every_step(compose: Compose) -> None:
    old, bundle = compose.text("vault/authority.pem"), ""
    for number in range(1 + len(compose.deployment.certificates) + 1 + 1):
        compose.step(["authority"], after=number or None)
        bundles = {text for path, text in compose.files().items() if path.endswith("authority.pem")}
        (bundle,) = bundles
        authorities = re.findall(r"-----BEGIN.*?END CERTIFICATE-----\n", bundle, re.DOTALL)
        rotation = rotation_in(compose.directory / "vault")
        for path, text in compose.files().items():
            if path.endswith("/certificate.pem"):
                assert any(is_issued_by(text, authority) for authority in authorities), (number, path, rotation)
    assert compose.text("vault/authority.pem") != old
    assert old not in bundle


def is_issued_by(certificate: str, authority: str) -> bool:
    issuer = x509.load_pem_x509_certificate(authority.encode())
    try:
        x509.load_pem_x509_certificate(certificate.encode()).verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError):
        return False
    return True


def test_a_start_in_the_middle_of_a_change_writes_the_files_of_its_step(compose: Compose) -> None:
    compose.step(SERVICE)
    compose.step(SERVICE, after=1)
    before = compose.files()
    fill(compose.directory, REGIONS, now=datetime.now(UTC), users=OWN)
    assert compose.files() == before


def test_a_step_can_be_repeated_and_is_not_skipped(compose: Compose) -> None:
    first, _ = compose.step(SERVICE)
    repeated, changed = compose.step(SERVICE)
    assert (repeated, changed) == (first, set())
    with pytest.raises(RotationRefused, match="step 1 is under way"):
        rotate(compose.deployment, SERVICE, after=3)
    with pytest.raises(RotationRefused, match="finish it first"):
        rotate(compose.deployment, ["authority"], after=None)


def test_a_step_cannot_follow_a_change_that_was_never_begun(compose: Compose) -> None:
    with pytest.raises(RotationRefused, match="begin it without --after"):
        rotate(compose.deployment, SERVICE, after=2)


def test_the_list_has_each_certificate_with_its_expiry_and_no_secret(compose: Compose) -> None:
    compose.step(SERVICE)
    listed = CliRunner().invoke(main, ["--list", "--directory", str(compose.directory)])
    assert listed.exit_code == 0, listed.output
    assert "certificate asia-japan-nats" in listed.output
    assert "in 364 days" in listed.output
    assert "step 1 of 5" in listed.output
    logins = msgspec.json.decode(compose.text("vault/logins.json"))
    secrets = [secret for server in logins.values() for users in server.values() for secret in users.values()]
    assert not [secret for secret in secrets if secret in listed.output]


def test_a_certificate_is_replaced_once_and_by_the_same_authority(compose: Compose) -> None:
    authority = Authority(
        Identity(certificate=compose.text("vault/authority.pem"), key=compose.text("vault/authority-key.pem"))
    )
    before = compose.text("us-iowa-service/certificate.pem")
    compose.step(["certificate", "us-iowa-service"])
    after = compose.text("us-iowa-service/certificate.pem")
    assert after != before
    assert is_issued_by(after, authority.identity.certificate)
    compose.step(["certificate", "us-iowa-service"])
    compose.step(["certificate", "us-iowa-service"], after=1)
    assert compose.text("us-iowa-service/certificate.pem") == after


@pytest.mark.parametrize("words", [["nobody"], ["certificate", "mars"], ["us-iowa/nats/routes"]], ids=" ".join)
def test_an_unknown_name_is_refused_and_prints_no_line_for_a_shell(compose: Compose, words: list[str]) -> None:
    refused = CliRunner().invoke(main, [*words, "--directory", str(compose.directory)])
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert not (compose.directory / "vault" / "rotation.json").exists()

"""A process takes changed files of logins and certificates, and keeps the last ones that worked."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from core.certificates import Certificate
from core.positions import Region
from core.topology import Topology
from deploy.certificates import CERTIFICATE_DAYS, Authority, Use, new_authority
from deploy.files import put
from runtime import secret_files
from runtime.secret_files import SecretFiles, Secrets, follow
from runtime.settings import Environment

HERE = Region("us-iowa")
NOW = datetime.now(UTC)
TOPOLOGY = '[regions.us-iowa]\nnats = ["nats://127.0.0.1:4222"]\nredis = "redis://127.0.0.1:6379/0"\n'


def credentials(password: str) -> str:
    return f'[nats.us-iowa]\nuser = "service"\npassword = "{password}"\n'


class Taken:
    """What was used, and the answer to the next use."""

    def __init__(self) -> None:
        self.secrets: list[Secrets] = []
        self.why_not = ""

    async def use(self, secrets: Secrets) -> str:
        self.secrets.append(secrets)
        return self.why_not

    @property
    def addresses(self) -> list[str]:
        return [secrets.topology.regions[HERE].nats[0] for secrets in self.secrets]


@pytest.fixture
def authority() -> Authority:
    return new_authority(now=NOW)


@pytest.fixture
def files(tmp_path: Path, authority: Authority) -> Callable[[], SecretFiles]:
    put(tmp_path / "topology.toml", TOPOLOGY)
    put(tmp_path / "credentials.toml", credentials("old"))
    put(tmp_path / "authority.pem", authority.identity.certificate)
    give_certificate(tmp_path, authority)
    environment = Environment(
        {
            "CROSSHOOK_TOPOLOGY": str(tmp_path / "topology.toml"),
            "CROSSHOOK_REGION": HERE,
            "CROSSHOOK_CREDENTIALS": str(tmp_path / "credentials.toml"),
            "CROSSHOOK_TLS_AUTHORITY": str(tmp_path / "authority.pem"),
            "CROSSHOOK_TLS_CERTIFICATE": str(tmp_path / "certificate.pem"),
            "CROSSHOOK_TLS_KEY": str(tmp_path / "key.pem"),
        }
    )
    topology, _ = environment.place()
    return lambda: environment.secret_files(topology)


def give_certificate(directory: Path, authority: Authority, *, role: str = "service") -> None:
    shown = authority.issue(HERE, role, use=Use.CLIENT, now=NOW)
    put(directory / "certificate.pem", shown.certificate)
    put(directory / "key.pem", shown.key)


@asynccontextmanager
async def following(files: SecretFiles, taken: Taken, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(secret_files, "LOOK_SECONDS", 0.01)
    shown = {"NATS of us-iowa": Certificate("us-iowa nats", 4_000_000_000)}
    task = asyncio.create_task(follow(files, taken.use, shown=lambda: shown))
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        task.cancel()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def written() -> float | None:
    return REGISTRY.get_sample_value("crosshook_secrets_written_timestamp_seconds")


def expiry(of: str, name: str) -> float | None:
    labels = {"of": of, "name": name}
    return REGISTRY.get_sample_value("crosshook_certificate_expiry_timestamp_seconds", labels)


async def test_a_changed_login_is_used_and_then_reported(
    files: Callable[[], SecretFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, read = Taken(), files()
    async with following(read, taken, monkeypatch):
        await until(lambda: written() == read.written_seconds)
        put(tmp_path / "credentials.toml", credentials("new"))
        await until(lambda: written() == (tmp_path / "credentials.toml").stat().st_mtime_ns / 1e9)
    assert taken.addresses == ["nats://service:new@127.0.0.1:4222"]
    assert taken.secrets[0].tls is read.secrets.tls


async def test_a_login_that_is_not_accepted_yet_is_tried_again_and_not_reported(
    files: Callable[[], SecretFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, read = Taken(), files()
    taken.why_not = "Authorization Violation"
    before = read.written_seconds
    async with following(read, taken, monkeypatch):
        await until(lambda: written() == before)
        put(tmp_path / "credentials.toml", credentials("new"))
        await until(lambda: len(taken.secrets) >= 3)
        assert written() == before
        taken.why_not = ""
        await until(lambda: written() != before)


@pytest.mark.parametrize("text", ["no table", '[nats.us-iowa]\nuser = "service"\n', None])
async def test_a_file_that_cannot_be_used_changes_nothing(
    files: Callable[[], SecretFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    taken, read = Taken(), files()
    before, looks = read.secrets, 0

    def count(_self: SecretFiles) -> bool:
        nonlocal looks
        looks += 1
        return again(read)

    again = SecretFiles.read_again
    monkeypatch.setattr(SecretFiles, "read_again", count)
    async with following(read, taken, monkeypatch):
        if text is None:
            (tmp_path / "credentials.toml").unlink()
        else:
            put(tmp_path / "credentials.toml", text)
        at = looks
        await until(lambda: looks > at + 2)
        assert read.secrets is before
        put(tmp_path / "credentials.toml", credentials("mended"))
        await until(lambda: bool(taken.secrets))
    assert taken.addresses[-1] == "nats://service:mended@127.0.0.1:4222"


async def test_a_certificate_without_its_key_waits_for_the_key(
    files: Callable[[], SecretFiles], tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = files()
    shown = authority.issue(HERE, "service", use=Use.CLIENT, now=NOW)
    put(tmp_path / "certificate.pem", shown.certificate)
    with pytest.raises(ValueError, match="belongs to the key"):
        read.read_again()
    put(tmp_path / "key.pem", shown.key)
    taken = Taken()
    async with following(read, taken, monkeypatch):
        await until(lambda: bool(taken.secrets))
    assert isinstance(taken.secrets[0].tls, ssl.SSLContext)
    assert taken.addresses == ["nats://service:old@127.0.0.1:4222"]


async def test_expiries_are_those_of_the_files_and_of_servers_and_follow_a_change(
    files: Callable[[], SecretFiles], tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = Taken()
    ends = int((NOW + timedelta(days=CERTIFICATE_DAYS)).timestamp())
    async with following(files(), taken, monkeypatch):
        await until(lambda: expiry("own", "us-iowa service") == ends)
        assert expiry("NATS of us-iowa", "us-iowa nats") == 4_000_000_000
        assert expiry("authority", "crosshook authority") is not None
        give_certificate(tmp_path, authority, role="another")
        await until(lambda: expiry("own", "us-iowa another") == ends)
        assert expiry("own", "us-iowa service") is None


async def test_of_two_authorities_the_one_that_expires_first_is_reported(
    files: Callable[[], SecretFiles], tmp_path: Path, authority: Authority
) -> None:
    older = new_authority(now=NOW - timedelta(days=30))
    put(tmp_path / "authority.pem", authority.identity.certificate + older.identity.certificate)
    first = int((NOW - timedelta(days=30) + timedelta(days=3650)).timestamp())
    assert files().certificates()["authority"].expires_seconds == first


def test_a_link_that_leads_to_another_file_is_a_change(tmp_path: Path) -> None:
    """Kubernetes replaces the files of a Secret in this way."""

    class Source:
        def with_credentials(self, topology: Topology) -> Topology:
            return topology

        def tls(self) -> ssl.SSLContext:
            return ssl.create_default_context()

    for name in ("one", "two"):
        (tmp_path / name).write_text("same size")
    os.utime(tmp_path / "one", ns=(1, 1))
    os.utime(tmp_path / "two", ns=(1, 1))
    link = tmp_path / "link"
    link.symlink_to("one")
    read = SecretFiles(Source(), Topology(regions={}), credentials=link, tls=secret_files.TlsPaths())
    assert not read.read_again()
    link.unlink()
    link.symlink_to("two")
    assert read.read_again()

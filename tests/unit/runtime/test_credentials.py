"""A login is in the addresses of its own region, and in no message about a bad file."""

from pathlib import Path

import pytest

from core.positions import Region
from core.topology import parse_topology
from runtime.credentials import Credentials, InvalidCredentials, Login, read_credentials
from runtime.settings import Environment, InvalidSetting

TOPOLOGY = """
[regions.us-iowa]
nats = ["nats://one:4222", "tls://two:4222"]
redis = "redis://near:6379/3"

[regions.europe-belgium]
nats = ["nats://elsewhere:4222"]
"""
CREDENTIALS = """
[nats.us-iowa]
user = "service"
password = "s3cret@/:"

[redis]
user = "reader"
password = "words"
"""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("nats://host:4222", "nats://user:word@host:4222"),
        ("tls://host", "tls://user:word@host"),
        ("nats://old:one@host:4222", "nats://user:word@host:4222"),
        ("redis://[::1]:6379/2", "redis://user:word@[::1]:6379/2"),
        ("unix:///run/redis@home.sock?db=1", "unix://user:word@/run/redis@home.sock?db=1"),
    ],
)
def test_a_login_replaces_the_one_in_an_address(address: str, expected: str) -> None:
    assert Login("user", "word").into(address) == expected


def test_a_login_can_have_any_characters() -> None:
    assert Login("a:b", "p@ss/word?#%").into("nats://h:1") == "nats://a%3Ab:p%40ss%2Fword%3F%23%25@h:1"


def test_each_region_gets_its_own_login_and_a_region_without_one_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "topology.toml").write_text(TOPOLOGY)
    (tmp_path / "credentials.toml").write_text(CREDENTIALS)
    topology, _ = Environment(
        {
            "CROSSHOOK_TOPOLOGY": str(tmp_path / "topology.toml"),
            "CROSSHOOK_REGION": "us-iowa",
            "CROSSHOOK_CREDENTIALS": str(tmp_path / "credentials.toml"),
        }
    ).place()
    near, far = topology.regions[Region("us-iowa")], topology.regions[Region("europe-belgium")]
    login = "service:s3cret%40%2F%3A@"
    assert near.nats == [f"nats://{login}one:4222", f"tls://{login}two:4222"]
    assert near.redis == "redis://reader:words@near:6379/3"
    assert (far.nats, far.redis) == (["nats://elsewhere:4222"], "")


def test_without_credentials_a_topology_stays_as_it_is() -> None:
    document = {"regions": {"a": {"nats": ["nats://x:1"], "redis": "redis://x:2"}}}
    topology = parse_topology(document, here="a")
    assert Credentials().into(topology) == topology


@pytest.mark.parametrize(
    "text",
    [
        "[nats.us-iowa",
        "[nats.us-iowa]\nuser = 'service'",
        "[nats.us-iowa]\nuser = 'service'\npassword = 5",
        "[nats]\nus-iowa = 'words'",
        CREDENTIALS + "colour = 'red'",
        "[redis]\npassword = 'words'",
        "user = 'service'\npassword = 'words'",
    ],
)
def test_a_bad_file_is_one_line_without_a_secret(tmp_path: Path, text: str) -> None:
    path = tmp_path / "credentials.toml"
    path.write_text(text)
    with pytest.raises(InvalidCredentials) as caught:
        read_credentials(path)
    assert "\n" not in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("s3cret", "words"))


def test_the_error_about_a_missing_file_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "topology.toml").write_text(TOPOLOGY)
    variables = {"CROSSHOOK_TOPOLOGY": str(tmp_path / "topology.toml"), "CROSSHOOK_REGION": "us-iowa"}
    for path in (tmp_path / "nowhere.toml", tmp_path):
        with pytest.raises(InvalidSetting, match=r"^CROSSHOOK_CREDENTIALS: expected a file of credentials \("):
            Environment({**variables, "CROSSHOOK_CREDENTIALS": str(path)}).place()


@pytest.mark.parametrize("name", ["CROSSHOOK_TLS_AUTHORITY", "CROSSHOOK_TLS_CERTIFICATE"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_the_error_about_a_bad_certificate_names_the_setting(tmp_path: Path, name: str, content: str | None) -> None:
    path = tmp_path / "certificate.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidSetting, match=rf"^{name}: expected a .*certificate.*, got '{path}'$") as caught:
        Environment({name: str(path)}).tls()
    assert "\n" not in str(caught.value)


def test_a_key_without_its_certificate_is_refused() -> None:
    with pytest.raises(InvalidSetting, match=r"^CROSSHOOK_TLS_CERTIFICATE: expected the certificate of .*not set$"):
        Environment({"CROSSHOOK_TLS_KEY": "key.pem"}).tls()

"""The steps of docs/operations/kubernetes.md work unchanged."""

import re
import shlex
import shutil
import subprocess
import textwrap
from pathlib import Path

import msgspec
from click.testing import CliRunner
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from deploy.kubernetes.command import main
from tests.rules import ROOT
from tests.unit.deploy.kubernetes.pods import opened, secrets_in
from tests.unit.deploy.kubernetes.rendered import KUBERNETES, REGION, WORKLOADS, render

REGIONS = ["us-iowa", "europe-belgium", "asia-japan"]
USAGES = {"server auth": ExtendedKeyUsageOID.SERVER_AUTH, "client auth": ExtendedKeyUsageOID.CLIENT_AUTH}


def document() -> str:
    return (ROOT / "docs" / "operations" / "kubernetes.md").read_text()


def block(containing: str, language: str = "sh") -> str:
    """The only block of code that contains this text."""
    blocks = re.findall(rf"^ *```{language}\n(.*?)^ *```$", document(), re.DOTALL | re.MULTILINE)
    (found,) = (code for code in blocks if containing in code)
    return textwrap.dedent(found)


def test_the_command_makes_the_files_that_the_steps_apply(tmp_path: Path) -> None:
    python, dash_m, module, *arguments, flag, directory = shlex.split(block("-m deploy.kubernetes"))
    assert (python, dash_m, module, arguments, flag) == (
        ".venv/bin/python",
        "-m",
        "deploy.kubernetes",
        REGIONS,
        "--directory",
    )
    result = CliRunner().invoke(main, [*arguments, flag, str(tmp_path / directory)])
    assert result.exit_code == 0, result.output
    for region in REGIONS:
        assert (tmp_path / block("apply --server-side").split(" -f ")[1].split()[0].replace("$region", region)).exists()
    assert (tmp_path / directory / "vault" / "admin-key").exists()
    assert f"cat {directory}/vault/admin-key" in block("keys issue")


def test_the_copy_for_each_region_renders_like_the_example(tmp_path: Path) -> None:
    shutil.copytree(KUBERNETES, tmp_path / "deploy" / "kubernetes")
    subprocess.run(("sh", "-eu", "-c", block("cp -r")), cwd=tmp_path, check=True, timeout=20)  # noqa: S603, S607 - ours
    example = render(REGION).documents
    for region in REGIONS:
        assert render(tmp_path / "deploy" / "kubernetes" / region).documents == example


def test_the_files_to_change_are_those_with_the_comment() -> None:
    listed = set(re.findall(r"^ *\| `([a-z-]+\.(?:yaml|toml))` \|", document(), re.MULTILINE))
    marked = {path.name for path in REGION.iterdir() if "Of this region" in path.read_text()}
    assert listed == marked


def test_every_option_in_the_text_exists() -> None:
    """They are the options of the command, and one of `kubectl apply`."""
    options = {option for parameter in main.params for option in parameter.opts} | {"--server-side"}
    texts = [document(), *(path.read_text() for path in KUBERNETES.rglob("*.yaml"))]
    told = {option for text in texts for option in re.findall(r"`(--[a-z-]+)", text)}
    assert {"--one-nats-server", "--nats-disk", "--no-certificates"} <= told <= options


def test_the_restarted_and_reloaded_workloads_are_all_that_there_are() -> None:
    manifests = render(REGION)
    commands = block("restart statefulset") + block("restart deployment")
    named = set(re.findall(r"\b((?:statefulset|deployment)/[a-z-]+)", commands))
    restarted = {"nats", "service", "replicator", "admin"}
    assert named == {f"{WORKLOADS[role].lower()}/{manifests.workload(role)['metadata']['name']}" for role in restarted}
    told = re.findall(r"\bnats-\d\b", block("--signal reload"))
    assert told == [f"nats-{index}" for index in range(manifests.workload("nats")["spec"]["replicas"])]


def test_servers_are_restarted_one_by_one() -> None:
    """Kubernetes does that automatically, unless it is configured to wait until each pod is deleted."""
    strategy = render(REGION).workload("nats")["spec"].get("updateStrategy", {})
    assert strategy.get("type", "RollingUpdate") == "RollingUpdate"
    assert strategy.get("rollingUpdate", {}).get("maxUnavailable", 1) == 1


def test_a_certificate_of_another_authority_has_the_names_and_uses_of_ours(tmp_path: Path) -> None:
    CliRunner().invoke(main, [*REGIONS, "--directory", str(tmp_path)], catch_exceptions=False)
    described = msgspec.yaml.decode(block("kind: Certificate", "yaml").encode())
    secret = opened(secrets_in(tmp_path / "us-iowa.json"))[described["spec"]["secretName"]]
    extensions = x509.load_pem_x509_certificate(secret["tls.crt"].encode()).extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert described["spec"]["dnsNames"] == names.get_values_for_type(x509.DNSName)
    assert {USAGES[usage] for usage in described["spec"]["usages"] if usage in USAGES} == set(uses)

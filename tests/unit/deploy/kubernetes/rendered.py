"""The manifests of a region, as kustomize makes them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.rules import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
REGION = KUBERNETES / "region"

WORKLOADS = {
    "nats": "StatefulSet",
    "redis": "StatefulSet",
    "service": "Deployment",
    "admin": "Deployment",
    "replicator": "Deployment",
}
"""Role → the kind of its workload."""

Manifest = dict[str, Any]


class Manifests:
    """All manifests of one region."""

    def __init__(self, documents: list[Manifest]) -> None:
        self.documents = documents

    def of_kind(self, kind: str) -> list[Manifest]:
        return [document for document in self.documents if document["kind"] == kind]

    def one(self, kind: str, name: str) -> Manifest:
        (found,) = (document for document in self.of_kind(kind) if document["metadata"]["name"] == name)
        return found

    def workload(self, role: str) -> Manifest:
        return self.one(WORKLOADS[role], role)

    def pod(self, role: str) -> Manifest:
        """The template of a role's pods."""
        template: Manifest = self.workload(role)["spec"]["template"]
        return template

    def container(self, role: str) -> Manifest:
        (container,) = self.pod(role)["spec"]["containers"]
        assert isinstance(container, dict)
        return container

    def topology(self) -> str:
        """The topology file."""
        (generated,) = self.of_kind("ConfigMap")
        return str(generated["data"]["topology.toml"])


def render(directory: Path) -> Manifests:
    """The manifests that `kubectl apply -k` would send."""
    command = (str(_kubectl()), "kustomize", str(directory))
    done = subprocess.run(command, check=False, capture_output=True, timeout=60)  # noqa: S603 - a command of ours
    assert done.returncode == 0, done.stderr.decode()
    return Manifests(list(_documents(done.stdout.decode())))


def labels_of(manifest: Manifest) -> dict[str, str]:
    labels = manifest["metadata"].get("labels", {})
    assert isinstance(labels, dict)
    return labels


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    """Whether `labels` has all labels of a selector that is not empty."""
    return bool(selector) and selector.items() <= labels.items()


def _documents(text: str) -> Iterator[Manifest]:
    for document in text.split("\n---\n"):
        yield msgspec.yaml.decode(document.encode(), type=Manifest)


def _kubectl() -> Path:
    """The `kubectl` of the test environment, or the one on PATH if no wheel of it is installed."""
    own = Path(sys.executable).with_name("kubectl")
    found = str(own) if own.exists() else shutil.which("kubectl")
    if found is None:
        pytest.fail("these tests need kubectl, and there is none on PATH")
    return Path(found)

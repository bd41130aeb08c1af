"""The files and the environment that a pod gets from its manifest and the Secrets."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.unit.deploy.kubernetes.rendered import Manifest, Manifests, labels_of

FILES = "/etc/crosshook"

Files = Mapping[str, Mapping[str, str]]
"""Name of a Secret or ConfigMap → its files."""


def secrets_in(path: Path) -> list[Manifest]:
    """The Secrets of a file."""
    items: list[Manifest] = json.loads(path.read_text())["items"]
    return items


def opened(secrets: list[Manifest]) -> Files:
    """The decoded files of each Secret."""
    return {
        secret["metadata"]["name"]: {name: base64.b64decode(data).decode() for name, data in secret["data"].items()}
        for secret in secrets
    }


def taken(pod: Manifest) -> Iterator[tuple[str, str]]:
    """Every Secret that a pod mounts, with the key."""
    for source in _sources(pod):
        if "secret" in source:
            yield from ((source["secret"]["name"], item["key"]) for item in source["secret"]["items"])


def put_files(manifests: Manifests, role: str, secrets: Files, *, into: Path) -> None:
    """Write the files that a pod of `role` has in `FILES`."""
    configurations = {found["metadata"]["name"]: found["data"] for found in manifests.of_kind("ConfigMap")}
    for source in _sources(manifests.pod(role)):
        given = source.get("secret") or source["configMap"]
        texts = (secrets if "secret" in source else configurations)[given["name"]]
        for item in given["items"]:
            (into / item["path"]).write_text(texts[item["key"]])


def environment(manifests: Manifests, role: str, *, files: Path) -> dict[str, str]:
    """The variables of a pod of `role`, whose files are in `files`."""
    pod = manifests.pod(role)
    return {
        variable["name"]: _value(variable, pod).replace(FILES, str(files))
        for variable in manifests.container(role)["env"]
    }


def _value(variable: dict[str, Any], pod: Manifest) -> str:
    if "value" in variable:
        return str(variable["value"])
    label = variable["valueFrom"]["fieldRef"]["fieldPath"].removeprefix("metadata.labels['").removesuffix("']")
    return labels_of(pod)[label]


def _sources(pod: Manifest) -> list[dict[str, Any]]:
    """The sources of the pod's only volume of files."""
    (volume,) = pod["spec"]["volumes"]
    (container,) = pod["spec"]["containers"]
    (mount,) = (mount for mount in container["volumeMounts"] if mount["name"] == volume["name"])
    assert (mount["mountPath"], mount["readOnly"]) == (FILES, True)
    sources: list[dict[str, Any]] = volume["projected"]["sources"]
    return sources

"""Secrets in the form that Kubernetes reads."""

import base64
import json
from collections.abc import Mapping

from deploy.kubernetes.secret_files import KEY


def secrets_text(secrets: Mapping[str, Mapping[str, str]], *, namespace: str) -> str:
    """A list of Secrets, for `kubectl apply -f`."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"app.kubernetes.io/name": "crosshook"},
            },
            "type": "kubernetes.io/tls" if KEY in files else "Opaque",
            "data": {file: base64.b64encode(text.encode()).decode() for file, text in files.items()},
        }
        for name, files in secrets.items()
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1) + "\n"

"""A service or a replicator: a Python program of ours that serves HTTP."""

import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.network.ports import LOCALHOST
from deploy.local.processes.children import ManagedProcess
from deploy.local.processes.probes import http_probe


class HttpProcess(ManagedProcess):
    """`python -m MODULE`. Its environment has the address at which it listens."""

    def __init__(
        self,
        *,
        name: str,
        module: str,
        port: int,
        directory: Path,
        log: Path,
        environment: Mapping[str, str],
        settings: Mapping[str, str],
    ) -> None:
        super().__init__(
            name=name,
            command=(sys.executable, "-m", module),
            directory=directory,
            log=log,
            probe=http_probe(port),
            environment={**environment, "CROSSHOOK_LISTEN": f"{LOCALHOST}:{port}"},
            settings=settings,
        )
        self.port = port
        self.url = f"http://{LOCALHOST}:{port}"

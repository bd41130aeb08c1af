"""A container is healthy while its process is ready."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from runtime.probe import is_ready
from runtime.secrets_probe import waited


class Process(http.server.BaseHTTPRequestHandler):
    """Answers with a given status."""

    def __init__(self, status: int, *arguments: object) -> None:
        self._status = status
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.send_response(self._status if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(b"its words")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def answering(status: int) -> Iterator[int]:
    """The port of a process whose `/readyz` returns this status."""
    with http.server.HTTPServer(("127.0.0.1", 0), partial(Process, status)) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False), (404, False)])
def test_only_a_200_is_ready_and_its_body_is_kept(status: int, *, ready: bool) -> None:
    with answering(status) as port:
        assert is_ready({"CROSSHOOK_LISTEN": f"127.0.0.1:{port}"}) == (ready, "its words")


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "[::]"])  # noqa: S104 - no process listens there
def test_a_process_that_listens_everywhere_is_asked_over_the_ipv4_loopback(
    everywhere: str,
) -> None:
    with answering(200) as port:
        assert is_ready({"CROSSHOOK_LISTEN": f"{everywhere}:{port}"})[0]


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "[::1]:1", "nobody", ""])
def test_without_a_process_it_is_not_ready_and_the_message_names_the_address(listen: str) -> None:
    ready, words = is_ready({"CROSSHOOK_LISTEN": listen})
    assert not ready
    assert words.startswith("no response at CROSSHOOK_LISTEN, ")


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_as_a_program_it_reports_readiness_by_its_exit_code(status: int, code: int) -> None:
    with answering(status) as port:
        run = subprocess.run(
            [sys.executable, "-m", "runtime.probe"],
            env={"CROSSHOOK_LISTEN": f"127.0.0.1:{port}"},
            capture_output=True,
            check=False,
            timeout=20,
        )
    assert (run.returncode, run.stdout) == (code, b"its words\n")


class WithMetrics(Process):
    """Answers `/metrics` with the time of the files that it uses."""

    written = 0.0

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/metrics" else 404)
        self.end_headers()
        text = f"# HELP x\ncrosshook_secrets_written_timestamp_seconds {type(self).written!r}\nother 1\n"
        self.wfile.write(text.encode())


def test_the_probe_of_secrets_waits_until_the_process_uses_its_files(tmp_path: Path) -> None:
    file = tmp_path / "credentials.toml"
    file.write_text("x")
    written = file.stat().st_mtime_ns / 1e9
    with http.server.HTTPServer(("127.0.0.1", 0), partial(WithMetrics, 200)) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            variables = {"CROSSHOOK_LISTEN": f"127.0.0.1:{server.server_port}", "CROSSHOOK_CREDENTIALS": str(file)}
            WithMetrics.written = written - 1
            is_used, words = waited(variables, seconds_max=0.3)
            assert (is_used, "its log says why" in words) == (False, True)
            later = threading.Timer(0.3, setattr, (WithMetrics, "written", written))
            later.start()
            assert waited(variables, seconds_max=10)[0]
            later.join()
        finally:
            server.shutdown()
            serving.join()
    is_used, words = waited(variables, seconds_max=0)
    assert (is_used, "no response at CROSSHOOK_LISTEN" in words) == (False, True)
    assert not waited({"CROSSHOOK_CREDENTIALS": str(tmp_path / "missing")}, seconds_max=0)[0]

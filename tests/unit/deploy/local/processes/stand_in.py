"""A stand-in for a service or a replicator: it serves `/readyz`, issues API keys, and misbehaves on request.

`STAND_IN_DIES` is an exit code. `STAND_IN_WAITS_FOR` is what `/readyz` reports. With `STAND_IN_IGNORES_TERM` it ignores
SIGTERM, and with `STAND_IN_ISSUES_NO_KEY` it issues no key.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

WAITS_FOR = os.environ.get("STAND_IN_WAITS_FOR", "")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(503 if WAITS_FOR else 200, {"waiting_for": [WAITS_FOR], "settings": crosshook_settings()})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if os.environ.get("STAND_IN_ISSUES_NO_KEY"):
            self.answer(422, {"errors": [{"httpcode": 422, "message": "no more keys are issued"}]})
            return
        self.answer(201, {"result": {"id": "1", "name": "", "created_at": "", "key": "a-key"}})

    def answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def crosshook_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("CROSSHOOK_")}


def main() -> None:
    print(f"started with {sys.argv[1:]}", flush=True)
    if code := os.environ.get("STAND_IN_DIES"):
        print("out of luck", flush=True)
        sys.exit(int(code))
    if os.environ.get("STAND_IN_IGNORES_TERM"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    host, port = os.environ["CROSSHOOK_LISTEN"].split(":")
    HTTPServer((host, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()

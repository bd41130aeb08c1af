"use strict";

// Browsers repeat a request automatically when it returns 408 (RFC 9110, section 15.5.9). With a key the repeat is the same
// request to the service. crypto.randomUUID is missing where the page comes over plain HTTP from another machine.
const WRITES = ["POST", "PUT", "PATCH", "DELETE"];
const KEY = "Idempotency-Key";
const KEY_BYTES = 16;

function withRetryKey(request) {
  if (WRITES.includes(request.method) && !request.headers[KEY]) {
    const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    request.headers[KEY] = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return request;
}

// No validator: it would send the document to another host.
SwaggerUIBundle({
  url: new URL("openapi.json", document.currentScript.src).href,
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: withRetryKey,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
});

// Swagger UI has a dark theme under this class. The page has no button for it: it follows the reader's system.
const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");

function followScheme() {
  document.documentElement.classList.toggle("dark-mode", darkScheme.matches);
}

darkScheme.addEventListener("change", followScheme);
followScheme();

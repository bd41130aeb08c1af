// A client that is generated from the document: it registers a webhook, changes it, and takes everything away again.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { env: Record<string, string | undefined> };
declare const console: { log(text: string): void };

const { URL: baseUrl = "", ORG: organization = "", KEY: key = "" } = process.env;
const header = { "SlashID-OrgID": organization };
const everywhere = { ...header, "SlashID-Required-Consistency": "all_regions" } as const;
const client = createClient<paths>({ baseUrl, headers: { "SlashID-API-Key": key } });

function is(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`);
  }
}

const body = { name: "orders", target_url: "https://hooks.example.com/typescript", timeout: "10s" };
const created = await client.POST("/organizations/webhooks", { params: { header: everywhere }, body });
is(created.response.status, 201);
const webhook = created.data!.result;
is(webhook.target_url, body.target_url);

const path = { webhook_id: webhook.id };
const taken = await client.POST("/organizations/webhooks", { params: { header }, body });
is(taken.error!.errors[0]!.httpcode, 409);

const listed = await client.GET("/organizations/webhooks", { params: { header } });
is(listed.data!.result.map(({ id }) => id), [webhook.id]);

const etag = created.response.headers.get("ETag")!;
const same = await client.GET("/organizations/webhooks/{webhook_id}", {
  params: { path, header: { ...header, "If-None-Match": etag } },
});
is(same.response.status, 304);

const changed = await client.PATCH("/organizations/webhooks/{webhook_id}", {
  params: { path, header: { ...header, "If-Match": etag } },
  body: { description: "changed", custom_headers: { "X-Desk": ["orders"] } },
});
is(changed.data!.result.custom_headers, { "X-Desk": ["orders"] });

const trigger = { trigger_type: "event", trigger_name: "PersonCreated_v1" } as const;
const triggers = "/organizations/webhooks/{webhook_id}/triggers";
is((await client.POST(triggers, { params: { path, header }, body: trigger })).response.status, 201);
is((await client.GET(triggers, { params: { path, header } })).data!.result, [trigger]);
is((await client.DELETE(triggers, { params: { path, header, query: trigger } })).response.status, 204);

const deleted = await client.DELETE("/organizations/webhooks/{webhook_id}", { params: { path, header } });
is(deleted.response.status, 204);
const operation_id = deleted.response.headers.get("SlashID-Operation-ID")!;
const operation = await client.GET("/operations/{operation_id}", { params: { path: { operation_id }, header } });
is(operation.data!.result.state, "applied");

const gone = await client.GET("/organizations/webhooks/{webhook_id}", { params: { path, header } });
is([gone.response.status, gone.error!.errors[0]!.httpcode], [404, 404]);

const reserved = await client.GET("/organizations/webhooks/verification-jwks", { params: { header } });
is(reserved.error!.errors[0]!.httpcode, 501);
console.log("all is as the document says");

CREATE TABLE api_keys (
    key_id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    digest text NOT NULL
);

CREATE TABLE webhooks (
    webhook_id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    name text NOT NULL,
    target_url text NOT NULL
);

CREATE TABLE events (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    author uuid NOT NULL,
    event jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

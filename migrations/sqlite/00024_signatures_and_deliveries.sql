-- +goose Up
-- The secrets with which a webhook checks signatures, encrypted. While one is replaced there are two.
CREATE TABLE webhook_secrets (
    workspace_id integer NOT NULL,
    webhook_id integer NOT NULL,
    slot text NOT NULL CHECK (slot IN ('newer', 'older')),
    sealed blob NOT NULL,
    ending text NOT NULL,
    created_at datetime NOT NULL,
    PRIMARY KEY (workspace_id, webhook_id, slot)
);
-- The deliveries that a webhook has processed, by a hash of the id that the sender gave them, so that a repeated one does nothing.
CREATE TABLE webhook_deliveries (
    workspace_id integer NOT NULL,
    webhook_id integer NOT NULL,
    key blob NOT NULL,
    request_id text NOT NULL,
    at datetime NOT NULL,
    repeats integer NOT NULL DEFAULT 0,
    last_repeat text,
    PRIMARY KEY (workspace_id, webhook_id, key)
);
CREATE INDEX webhook_deliveries_at ON webhook_deliveries (workspace_id, at);

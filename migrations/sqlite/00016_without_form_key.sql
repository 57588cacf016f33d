-- +goose NO TRANSACTION
-- +goose Up
-- webhooks.form_key is not written since form_posts is there. SQLite drops no column that a UNIQUE names, so the table is
-- built again. DROP TABLE deletes the rows of other tables that refer to it, unless foreign keys are off, which they can
-- only be outside a transaction.
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;
CREATE TABLE webhooks_new (
    workspace_id integer NOT NULL REFERENCES workspaces (id),
    id           integer PRIMARY KEY AUTOINCREMENT,
    name         text NOT NULL CHECK (name <> ''),
    type         text NOT NULL CHECK (type IN ('SUBSCRIBED', 'UNCONFIRMED', 'UNSUBSCRIBED', 'DELETE')),
    hash         text NOT NULL,
    enabled      boolean NOT NULL,
    created_at   datetime NOT NULL,
    updated_at   datetime NOT NULL,
    deleted_at   datetime,
    UNIQUE (workspace_id, id)
);
INSERT INTO webhooks_new (workspace_id, id, name, type, hash, enabled, created_at, updated_at, deleted_at)
    SELECT workspace_id, id, name, type, hash, enabled, created_at, updated_at, deleted_at FROM webhooks;
-- Ids are never given twice, not even those of webhooks that are gone.
DELETE FROM sqlite_sequence WHERE name = 'webhooks_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'webhooks_new', seq FROM sqlite_sequence WHERE name = 'webhooks';
DROP TABLE webhooks;
ALTER TABLE webhooks_new RENAME TO webhooks;
COMMIT;
PRAGMA foreign_keys = ON;

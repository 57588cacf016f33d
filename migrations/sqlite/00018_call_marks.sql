-- +goose Up
-- The contacts that a batch of calls changed, for their segments: one row for each workspace of the batch.
CREATE TABLE call_marks (
    workspace_id integer NOT NULL,
    id           integer PRIMARY KEY AUTOINCREMENT,
    packed       blob NOT NULL,
    at           datetime NOT NULL,
    UNIQUE (workspace_id, id)
);

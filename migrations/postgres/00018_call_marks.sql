-- +goose Up
-- The contacts that a batch of calls changed, for their segments: one row for each workspace of the batch. A row of the largest
-- batch fits into a page, and is not compressed.
CREATE TABLE call_marks (
    workspace_id bigint NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    packed       bytea NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
ALTER TABLE call_marks ALTER COLUMN packed SET STORAGE PLAIN;

-- +goose Up
-- Every delivery has a later time than that: only queries with the same condition use the index.
CREATE INDEX deliveries_due_at ON deliveries (workspace_id, destination_id, next_at) WHERE state = 'pending' AND next_at > '1970-01-01 00:00:00+00';
DROP INDEX deliveries_due;

-- +goose NO TRANSACTION
-- +goose Up
-- Every delivery has a later time than that: only queries with the same condition use the index. Without it, Postgres looked here for the deliveries
-- about one contact, and read all that wait. An attempt that was cut off leaves an index that cannot be used, so it is dropped first.
DROP INDEX CONCURRENTLY IF EXISTS deliveries_due_at;
CREATE INDEX CONCURRENTLY deliveries_due_at ON deliveries (workspace_id, destination_id, next_at) WHERE state = 'pending' AND next_at > '1970-01-01 00:00:00+00';
DROP INDEX CONCURRENTLY IF EXISTS deliveries_due;

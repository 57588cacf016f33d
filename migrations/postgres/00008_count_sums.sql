-- +goose NO TRANSACTION
-- +goose Up
-- Calls of many hours are added up from the index alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS webhook_counts_sums ON webhook_counts (workspace_id, hour, failed, webhook_id, outcome, calls);
DROP INDEX CONCURRENTLY IF EXISTS webhook_counts_hour;

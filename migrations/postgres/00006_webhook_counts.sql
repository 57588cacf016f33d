-- +goose NO TRANSACTION
-- +goose Up
-- When a webhook was last called, without reading all of its hours.
CREATE INDEX CONCURRENTLY IF NOT EXISTS webhook_counts_webhook ON webhook_counts (workspace_id, webhook_id, hour);

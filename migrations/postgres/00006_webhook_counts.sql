-- +goose NO TRANSACTION
-- +goose Up
-- When a webhook was last called, without reading all of its hours.
CREATE INDEX CONCURRENTLY IF NOT EXISTS webhook_counts_webhook ON webhook_counts (workspace_id, webhook_id, hour);

-- Whom calls erased in a month, for the dashboard.
CREATE INDEX CONCURRENTLY IF NOT EXISTS webhook_counts_erased ON webhook_counts (workspace_id, hour) WHERE outcome = 'deleted';

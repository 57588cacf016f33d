-- +goose NO TRANSACTION
-- +goose Up
-- Whether something is due in a workspace is asked every second.
CREATE INDEX CONCURRENTLY IF NOT EXISTS segment_due_workspace ON segment_due (workspace_id, due_at);

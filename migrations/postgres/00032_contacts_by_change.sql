-- +goose NO TRANSACTION
-- +goose Up
-- The list of contacts, by their last change.
CREATE INDEX CONCURRENTLY IF NOT EXISTS contacts_updated_at ON contacts (workspace_id, updated_at, id);

-- +goose Up
-- The list of contacts, by their last change.
CREATE INDEX contacts_updated_at ON contacts (workspace_id, updated_at, id);

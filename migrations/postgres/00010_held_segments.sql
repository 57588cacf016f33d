-- +goose Up
-- Until then only whoever fills the workspace with a past of its own recalculates its segments.
ALTER TABLE workspaces ADD COLUMN segments_held_until timestamptz;

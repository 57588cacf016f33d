-- +goose Up
-- Since when a person has paused a running job; the runner does not claim it until it is resumed.
ALTER TABLE jobs ADD COLUMN paused_at timestamptz;

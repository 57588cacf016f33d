-- +goose Up
-- When the state was last found. It is over once it has not been found for a while: calls near a limit change it again and again.
ALTER TABLE webhook_states RENAME COLUMN since TO seen_at;

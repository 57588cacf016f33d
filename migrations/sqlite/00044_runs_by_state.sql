-- +goose Up
-- An automation's page counts and lists its runs by state.
CREATE INDEX automation_runs_state ON automation_runs (workspace_id, automation_id, state, id);

-- +goose Up
-- Each look takes a share of the runs that are due from every workspace.
CREATE INDEX automation_runs_due_here ON automation_runs (workspace_id, due_at) WHERE ended_at IS NULL;

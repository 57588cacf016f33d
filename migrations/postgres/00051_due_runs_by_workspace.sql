-- +goose NO TRANSACTION
-- +goose Up
-- Each look takes a share of the runs that are due from every workspace. An attempt that was cut off leaves an index that cannot be used, so
-- it is dropped first.
DROP INDEX CONCURRENTLY IF EXISTS automation_runs_due_here;
CREATE INDEX CONCURRENTLY automation_runs_due_here ON automation_runs (workspace_id, due_at) WHERE ended_at IS NULL;

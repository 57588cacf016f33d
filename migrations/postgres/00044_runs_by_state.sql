-- +goose NO TRANSACTION
-- +goose Up
-- An automation's page counts and lists its runs by state. An attempt that was cut off leaves an index that cannot be used, so it is dropped
-- first.
DROP INDEX CONCURRENTLY IF EXISTS automation_runs_state;
CREATE INDEX CONCURRENTLY automation_runs_state ON automation_runs (workspace_id, automation_id, state, id);

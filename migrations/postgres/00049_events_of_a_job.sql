-- +goose NO TRANSACTION
-- +goose Up
-- A job's page counts and lists the runs that it started. An attempt that was cut off leaves an index that cannot be used, so it is dropped
-- first.
DROP INDEX CONCURRENTLY IF EXISTS automation_events_job;
CREATE INDEX CONCURRENTLY automation_events_job ON automation_events (workspace_id, job_id, id) WHERE job_id IS NOT NULL;

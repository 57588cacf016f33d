-- +goose Up
-- A job's page counts and lists the runs that it started.
CREATE INDEX automation_events_job ON automation_events (workspace_id, job_id, id) WHERE job_id IS NOT NULL;

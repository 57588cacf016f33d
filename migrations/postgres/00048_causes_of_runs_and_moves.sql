-- +goose Up
-- job_id: the import or the bulk action that changed the contact, so that its page names the runs that it started.
ALTER TABLE automation_events ADD COLUMN job_id bigint;
-- run_id: the run of an automation that changed the contact.
ALTER TABLE segment_changes ADD COLUMN run_id uuid;

-- +goose Up
-- The import that changed a contact, so that the contact's page and its segments can name it.
ALTER TABLE dirty_contacts ADD COLUMN job_id integer;
ALTER TABLE segment_changes ADD COLUMN job_id integer;
ALTER TABLE segment_days ADD COLUMN entered_import integer NOT NULL DEFAULT 0;
ALTER TABLE segment_days ADD COLUMN departed_import integer NOT NULL DEFAULT 0;

-- What people are called, and whether they want light or dark pages: 'light', 'dark', or '' as the system has it.
ALTER TABLE users ADD COLUMN name text NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN theme text NOT NULL DEFAULT '' CHECK (theme IN ('', 'light', 'dark'));

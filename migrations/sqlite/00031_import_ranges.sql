-- +goose Up
-- The ids of the contacts that each import created. A step of an import takes consecutive ids, and steps that follow each other share a row.
CREATE TABLE import_ranges (
    workspace_id integer NOT NULL,
    job_id integer NOT NULL,
    first_id integer NOT NULL,
    last_id integer NOT NULL,
    PRIMARY KEY (workspace_id, job_id, first_id)
) WITHOUT ROWID;

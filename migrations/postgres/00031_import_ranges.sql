-- +goose Up
-- The ids of the contacts that each import created. A step of an import takes consecutive ids, and steps that follow each other share a row.
CREATE TABLE import_ranges (
    workspace_id bigint NOT NULL,
    job_id bigint NOT NULL,
    first_id bigint NOT NULL,
    last_id bigint NOT NULL,
    PRIMARY KEY (workspace_id, job_id, first_id)
);

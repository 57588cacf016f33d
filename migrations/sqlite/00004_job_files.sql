-- +goose Up

-- Files of jobs, in parts of at most 256 KiB: what a person uploaded, and what is to be fetched. They are here, and not on
-- a disk, because replicas share nothing but the database.
CREATE TABLE job_files (
    workspace_id integer NOT NULL,
    job_id       integer NOT NULL,
    name         text NOT NULL,
    part         integer NOT NULL,
    data         blob NOT NULL,
    PRIMARY KEY (workspace_id, job_id, name, part)
);

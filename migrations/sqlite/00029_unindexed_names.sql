-- +goose Up
-- Contacts that calls created and whose names the search does not find yet, 8 bytes each: one row for each batch. The program adds their
-- words and deletes the row. The words in the transaction of the calls would cost it a sixth of its speed.
CREATE TABLE unindexed_names (
    workspace_id integer NOT NULL,
    id integer PRIMARY KEY,
    contact_ids blob NOT NULL
);
CREATE INDEX unindexed_names_workspace ON unindexed_names (workspace_id, id);

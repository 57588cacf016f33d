-- +goose Up
-- Contacts that calls created and whose names the search does not find yet, 8 bytes each: one row for each batch. The program adds their
-- words and deletes the row. The words in the transaction of the calls would cost it a sixth of its speed.
CREATE TABLE unindexed_names (
    workspace_id bigint NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    contact_ids  bytea NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

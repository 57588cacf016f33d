-- +goose Up
-- The words of contacts' names, folded, for the search by name. Collation C makes a range of words out of the beginning of one. There is
-- no foreign key and no second index, because each new contact would pay for them: the writers of contacts know a contact's words from
-- its fields.
CREATE TABLE contact_words (
    workspace_id bigint NOT NULL,
    word         text COLLATE "C" NOT NULL,
    contact_id   bigint NOT NULL,
    PRIMARY KEY (workspace_id, word, contact_id)
);
-- Workspaces with contacts from before this migration: the program adds the words of contacts above after_id, and then deletes the row.
CREATE TABLE contact_word_fills (
    workspace_id bigint PRIMARY KEY,
    after_id     bigint NOT NULL
);
INSERT INTO contact_word_fills (workspace_id, after_id) SELECT workspace_id, 0 FROM workspace_counters;
-- Addresses that contacts had before somebody changed them, and when that was.
CREATE TABLE former_addresses (
    workspace_id bigint NOT NULL,
    contact_id   bigint NOT NULL,
    address      text NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, contact_id, address)
);
CREATE INDEX former_addresses_address ON former_addresses (workspace_id, address);
-- The values of an edit by hand, before and after, as JSON. The id is that of the edit's entry in audit_log, which has names only.
CREATE TABLE contact_edits (
    workspace_id bigint NOT NULL,
    contact_id   bigint NOT NULL,
    id           uuid NOT NULL,
    detail       text NOT NULL,
    PRIMARY KEY (workspace_id, contact_id, id)
);
-- How many contacts a workspace has by status and by tag, as JSON. The row that is whole has all of them; the others are the differences
-- that later changes made, and are added to it.
CREATE TABLE contact_counts (
    workspace_id bigint NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    whole        boolean NOT NULL,
    counts       text NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX contact_counts_whole ON contact_counts (workspace_id) WHERE whole;

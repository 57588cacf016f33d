-- +goose Up
-- Which call of the log a call repeats.
ALTER TABLE webhook_requests ADD COLUMN replay_of text;
-- The replays of each call, to find them from the call.
CREATE TABLE replays (
    workspace_id integer NOT NULL,
    original_id  text NOT NULL,
    request_id   text NOT NULL,
    PRIMARY KEY (workspace_id, original_id, request_id)
) WITHOUT ROWID;
-- Who was erased, so that a replay of an older call does not bring the person back. who is as in webhook_requests, and rows go with the
-- log.
CREATE TABLE erasures (
    workspace_id integer NOT NULL,
    who          integer NOT NULL,
    at           datetime NOT NULL,
    PRIMARY KEY (workspace_id, who)
) WITHOUT ROWID;
-- Groups of failed calls that a person has put aside, or that a replay has mended: failures until then count no more.
CREATE TABLE dismissals (
    workspace_id integer NOT NULL,
    webhook_id   integer NOT NULL,
    outcome      text NOT NULL,
    at           datetime NOT NULL,
    PRIMARY KEY (workspace_id, webhook_id, outcome)
) WITHOUT ROWID;

-- +goose Up

-- How many contacts of each status a workspace had at the end of a day, by its own clock; of today, when it was last
-- counted. A day without a row was as the one before.
CREATE TABLE contact_days (
    workspace_id bigint NOT NULL REFERENCES workspaces (id),
    day          text NOT NULL,
    subscribed   bigint NOT NULL,
    unconfirmed  bigint NOT NULL,
    unsubscribed bigint NOT NULL,
    PRIMARY KEY (workspace_id, day)
);

-- The dashboard counts whom people erased by hand.
CREATE INDEX audit_log_erased ON audit_log (workspace_id, id) WHERE action = 'contact.deleted';

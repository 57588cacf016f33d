-- +goose Up
-- One index for each status instead of one for all of them.
CREATE INDEX contacts_subscribed ON contacts (workspace_id, id) WHERE status = 'SUBSCRIBED';
CREATE INDEX contacts_unconfirmed ON contacts (workspace_id, id) WHERE status = 'UNCONFIRMED';
CREATE INDEX contacts_unsubscribed ON contacts (workspace_id, id) WHERE status = 'UNSUBSCRIBED';
DROP INDEX contacts_status;

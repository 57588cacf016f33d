-- +goose NO TRANSACTION
-- +goose Up
-- One index for each status instead of one for all of them: an entry takes 24 bytes instead of 40. An attempt that was cut off leaves
-- an index that cannot be used, so each is dropped first.
DROP INDEX CONCURRENTLY IF EXISTS contacts_subscribed;
CREATE INDEX CONCURRENTLY contacts_subscribed ON contacts (workspace_id, id) WHERE status = 'SUBSCRIBED';
DROP INDEX CONCURRENTLY IF EXISTS contacts_unconfirmed;
CREATE INDEX CONCURRENTLY contacts_unconfirmed ON contacts (workspace_id, id) WHERE status = 'UNCONFIRMED';
DROP INDEX CONCURRENTLY IF EXISTS contacts_unsubscribed;
CREATE INDEX CONCURRENTLY contacts_unsubscribed ON contacts (workspace_id, id) WHERE status = 'UNSUBSCRIBED';
DROP INDEX CONCURRENTLY IF EXISTS contacts_status;

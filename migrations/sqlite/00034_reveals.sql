-- +goose Up
-- The reveals of one person, in all workspaces.
CREATE INDEX audit_log_reveals ON audit_log (user_id, id) WHERE action = 'request.revealed';

-- +goose Up
-- Which event a call fired is a fact of its row. automation_events becomes the outbox of automations, and stays empty while there
-- are none.
ALTER TABLE webhook_requests ADD COLUMN event text;
UPDATE webhook_requests SET event = e.type FROM automation_events e
    WHERE e.workspace_id = webhook_requests.workspace_id AND e.request_id = webhook_requests.id;
DELETE FROM automation_events;

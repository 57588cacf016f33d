-- +goose NO TRANSACTION
-- +goose Up
-- Which event a call fired is a fact of its row. automation_events becomes the outbox of automations, and stays empty while there
-- are none.
ALTER TABLE webhook_requests ADD COLUMN IF NOT EXISTS event text;
-- The events move in steps, each committed: a call that deletes a contact waits for one step at most. An event that such a call
-- holds waits for the next round.
-- +goose StatementBegin
DO $$
DECLARE
    moved bigint;
BEGIN
    LOOP
        WITH step AS (
            SELECT workspace_id, id FROM automation_events ORDER BY workspace_id, id LIMIT 1000 FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM automation_events e USING step WHERE e.workspace_id = step.workspace_id AND e.id = step.id
            RETURNING e.workspace_id, e.request_id, e.type
        ), kept AS (
            UPDATE webhook_requests r SET event = gone.type FROM gone WHERE r.workspace_id = gone.workspace_id AND r.id = gone.request_id
        )
        SELECT count(*) INTO moved FROM gone;
        EXIT WHEN moved = 0;
        COMMIT;
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose NO TRANSACTION
-- +goose Up
-- Which event a call fired is a fact of its row. automation_events becomes the outbox of automations, and stays empty while there
-- are none. The lock on the log lasts a moment, but calls queue behind a statement that waits for it: it waits a tenth of a second,
-- and tries again.
-- +goose StatementBegin
DO $$
BEGIN
    SET LOCAL lock_timeout = '100ms';
    FOR try IN 1..300 LOOP
        BEGIN
            ALTER TABLE webhook_requests ADD COLUMN IF NOT EXISTS event text;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.1);
        END;
    END LOOP;
    RAISE EXCEPTION 'other transactions hold the request log; start the program again';
END
$$;
-- +goose StatementEnd
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

-- +goose NO TRANSACTION
-- +goose Up
-- No automation existed when these events fired, so none may ever start on them. Each step commits: a call that deletes a contact
-- empties its events, and waits for one step at most. An event that such a call holds is left out, which harms nothing: nothing
-- starts on pending events either.
-- +goose StatementBegin
DO $$
DECLARE
    last_workspace bigint := 0;
    last_id        uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        WITH step AS (
            SELECT workspace_id, id FROM automation_events WHERE (workspace_id, id) > (last_workspace, last_id)
            ORDER BY workspace_id, id LIMIT 1000 FOR UPDATE SKIP LOCKED
        ), changed AS (
            UPDATE automation_events e SET state = 'unclaimed' FROM step
            WHERE e.workspace_id = step.workspace_id AND e.id = step.id AND e.state = 'pending'
        )
        SELECT workspace_id, id INTO last_workspace, last_id FROM step ORDER BY workspace_id DESC, id DESC LIMIT 1;
        EXIT WHEN NOT FOUND;
        COMMIT;
    END LOOP;
END $$;
-- +goose StatementEnd

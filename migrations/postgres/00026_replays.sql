-- +goose NO TRANSACTION
-- +goose Up
-- Which call of the log a call repeats. The lock on the log lasts a moment, but calls queue behind a statement that waits for it: it
-- waits a tenth of a second, and tries again.
-- +goose StatementBegin
DO $$
BEGIN
    SET LOCAL lock_timeout = '100ms';
    FOR try IN 1..300 LOOP
        BEGIN
            ALTER TABLE webhook_requests ADD COLUMN IF NOT EXISTS replay_of uuid;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.1);
        END;
    END LOOP;
    RAISE EXCEPTION 'other transactions hold the request log; start the program again';
END
$$;
-- +goose StatementEnd
-- The replays of each call, to find them from the call. An index of replay_of would have to be built on every day of the log.
CREATE TABLE IF NOT EXISTS replays (
    workspace_id bigint NOT NULL,
    original_id uuid NOT NULL,
    request_id uuid NOT NULL,
    PRIMARY KEY (workspace_id, original_id, request_id)
);
-- Who was erased, so that a replay of an older call does not bring the person back. who is as in webhook_requests, and rows go with the
-- days of the log.
CREATE TABLE IF NOT EXISTS erasures (
    workspace_id bigint NOT NULL,
    who bigint NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, who)
);
-- Groups of failed calls that a person has put aside, or that a replay has mended: failures until then count no more.
CREATE TABLE IF NOT EXISTS dismissals (
    workspace_id bigint NOT NULL,
    webhook_id bigint NOT NULL,
    outcome text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, webhook_id, outcome)
);

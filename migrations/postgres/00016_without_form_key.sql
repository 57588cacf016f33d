-- +goose NO TRANSACTION
-- +goose Up
-- webhooks.form_key is not written since form_posts is there. The lock lasts a moment, but calls queue behind a statement
-- that waits for it: it waits a tenth of a second, and tries again.
-- +goose StatementBegin
DO $$
BEGIN
    SET LOCAL lock_timeout = '100ms';
    FOR try IN 1..300 LOOP
        BEGIN
            ALTER TABLE webhooks DROP COLUMN IF EXISTS form_key;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.1);
        END;
    END LOOP;
    RAISE EXCEPTION 'other transactions hold the table webhooks; start the program again';
END
$$;
-- +goose StatementEnd

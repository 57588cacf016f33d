-- +goose NO TRANSACTION
-- +goose Up
-- A number for each workspace that changes with everything that its calls rest on beside the contacts: the workspace, its webhooks,
-- tags and merge tags. The intake reads these again only when it changed. The lock on workspaces lasts a moment, but calls queue
-- behind a statement that waits for it: it waits a tenth of a second, and tries again.
-- +goose StatementBegin
DO $$
BEGIN
    SET LOCAL lock_timeout = '100ms';
    FOR try IN 1..300 LOOP
        BEGIN
            ALTER TABLE workspaces ADD COLUMN IF NOT EXISTS revision bigint NOT NULL DEFAULT 0;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.1);
        END;
    END LOOP;
    RAISE EXCEPTION 'other transactions hold the table workspaces; start the program again';
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION raise_own_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION raise_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = coalesce(NEW.workspace_id, OLD.workspace_id);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER raise_revision BEFORE UPDATE OF time_zone, deleted_at ON workspaces FOR EACH ROW EXECUTE FUNCTION raise_own_revision();
CREATE OR REPLACE TRIGGER raise_revision AFTER INSERT OR UPDATE OR DELETE ON webhooks FOR EACH ROW EXECUTE FUNCTION raise_revision();
CREATE OR REPLACE TRIGGER raise_revision AFTER INSERT OR UPDATE OR DELETE ON webhook_tags FOR EACH ROW EXECUTE FUNCTION raise_revision();
CREATE OR REPLACE TRIGGER raise_revision AFTER INSERT OR UPDATE OR DELETE ON tags FOR EACH ROW EXECUTE FUNCTION raise_revision();
CREATE OR REPLACE TRIGGER raise_revision AFTER INSERT OR UPDATE OR DELETE ON merge_tags FOR EACH ROW EXECUTE FUNCTION raise_revision();

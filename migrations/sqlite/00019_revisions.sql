-- +goose Up
-- A number for each workspace that changes with everything that its calls rest on beside the contacts: the workspace, its webhooks,
-- tags and merge tags. The intake reads these again only when it changed.
ALTER TABLE workspaces ADD COLUMN revision integer NOT NULL DEFAULT 0;
-- +goose StatementBegin
CREATE TRIGGER workspaces_revision AFTER UPDATE OF time_zone, deleted_at ON workspaces BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = NEW.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhooks_revision_insert AFTER INSERT ON webhooks BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = NEW.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhooks_revision_update AFTER UPDATE ON webhooks BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = NEW.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhooks_revision_delete AFTER DELETE ON webhooks BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = OLD.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhook_tags_revision_insert AFTER INSERT ON webhook_tags BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = NEW.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhook_tags_revision_update AFTER UPDATE ON webhook_tags BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = NEW.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhook_tags_revision_delete AFTER DELETE ON webhook_tags BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = OLD.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tags_revision_insert AFTER INSERT ON tags BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = NEW.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tags_revision_update AFTER UPDATE ON tags BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = NEW.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tags_revision_delete AFTER DELETE ON tags BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = OLD.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER merge_tags_revision_insert AFTER INSERT ON merge_tags BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = NEW.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER merge_tags_revision_update AFTER UPDATE ON merge_tags BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = NEW.workspace_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER merge_tags_revision_delete AFTER DELETE ON merge_tags BEGIN
    UPDATE workspaces SET revision = revision + 1 WHERE id = OLD.workspace_id;
END;
-- +goose StatementEnd

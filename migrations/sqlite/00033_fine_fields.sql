-- +goose Up
-- Fields that a webhook's calls send and that are fine to ignore. name is folded, as intake.FieldName returns it.
CREATE TABLE fine_fields (
    workspace_id integer NOT NULL,
    webhook_id   integer NOT NULL,
    name         text NOT NULL,
    PRIMARY KEY (workspace_id, webhook_id, name)
) WITHOUT ROWID;

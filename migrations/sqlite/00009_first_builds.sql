-- +goose Up
-- A segment's first build is told apart from a rule that was edited later: its cause is 'first'.
-- The check of a column cannot be changed in place.
ALTER TABLE segment_bulk_changes RENAME TO segment_bulk_changes_before;
DROP INDEX segment_bulk_changes_segment;
DROP INDEX segment_bulk_changes_span;
CREATE TABLE segment_bulk_changes (
    workspace_id integer NOT NULL,
    id           text NOT NULL,
    segment_id   integer NOT NULL,
    span         integer NOT NULL,
    entered      blob NOT NULL,
    departed     blob NOT NULL,
    cause        text NOT NULL CHECK (cause IN ('first', 'rule', 'basis', 'time', 'repair')),
    user_id      integer,
    at           datetime NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
INSERT INTO segment_bulk_changes (workspace_id, id, segment_id, span, entered, departed, cause, user_id, at)
    SELECT workspace_id, id, segment_id, span, entered, departed, cause, user_id, at FROM segment_bulk_changes_before;
DROP TABLE segment_bulk_changes_before;
CREATE INDEX segment_bulk_changes_segment ON segment_bulk_changes (workspace_id, segment_id, id);
CREATE INDEX segment_bulk_changes_span ON segment_bulk_changes (workspace_id, span, id);

-- +goose Up
-- The last processed call for a contact, even one that changed nothing: rules look at it.
ALTER TABLE contacts ADD COLUMN touched_webhook_id integer;
ALTER TABLE contacts ADD COLUMN touched_at datetime;

-- Who changed a contact by hand, in bulk or by an import; a call has its request instead.
ALTER TABLE dirty_contacts ADD COLUMN user_id integer;

ALTER TABLE segments ADD COLUMN building_since datetime;
ALTER TABLE segments ADD COLUMN building_user_id integer;
-- When a verification last went over all of it.
ALTER TABLE segments ADD COLUMN verified_at datetime;

-- Why one contact entered or left: 'call', 'edit' (of the contact), 'time' or 'repair'. The rows lie in the order of their
-- ids, which is that of time: four trees are written for each instead of five.
DROP INDEX segment_changes_request;
DROP INDEX segment_changes_contact;
ALTER TABLE segment_changes RENAME TO segment_changes_before;
CREATE TABLE segment_changes (
    workspace_id integer NOT NULL,
    id           text NOT NULL,
    segment_id   integer NOT NULL,
    contact_id   integer NOT NULL,
    entered      boolean NOT NULL,
    cause        text NOT NULL,
    request_id   text,
    user_id      integer,
    at           datetime NOT NULL,
    PRIMARY KEY (workspace_id, id)
) WITHOUT ROWID;
INSERT INTO segment_changes (workspace_id, id, segment_id, contact_id, entered, cause, request_id, at)
    SELECT workspace_id, id, segment_id, contact_id, entered, CASE WHEN request_id IS NULL THEN 'edit' ELSE 'call' END, request_id, at
    FROM segment_changes_before;
DROP TABLE segment_changes_before;
CREATE INDEX segment_changes_request ON segment_changes (workspace_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX segment_changes_contact ON segment_changes (workspace_id, contact_id, id);
CREATE INDEX segment_changes_segment ON segment_changes (workspace_id, segment_id, id);

-- Who entered and left at once because a rule was edited, time passed or a fault was repaired: a row for a segment and a
-- span of 8192 consecutive contact ids.
CREATE TABLE segment_bulk_changes (
    workspace_id integer NOT NULL,
    id           text NOT NULL,
    segment_id   integer NOT NULL,
    span         integer NOT NULL,
    entered      blob NOT NULL,
    departed     blob NOT NULL,
    cause        text NOT NULL CHECK (cause IN ('rule', 'basis', 'time', 'repair')),
    user_id      integer,
    at           datetime NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX segment_bulk_changes_segment ON segment_bulk_changes (workspace_id, segment_id, id);
CREATE INDEX segment_bulk_changes_span ON segment_bulk_changes (workspace_id, span, id);

-- The next instant at which passing time alone can change a membership among 256 consecutive contact ids.
CREATE TABLE segment_due (
    workspace_id integer NOT NULL,
    chunk        integer NOT NULL,
    due_at       datetime NOT NULL,
    PRIMARY KEY (workspace_id, chunk)
);
CREATE INDEX segment_due_at ON segment_due (due_at);

-- A segment's size at the end of each day in the workspace's time zone, and who entered and left on it, by cause.
CREATE TABLE segment_days (
    workspace_id  integer NOT NULL,
    segment_id    integer NOT NULL,
    day           text NOT NULL,
    size          integer NOT NULL,
    entered_call  integer NOT NULL DEFAULT 0,
    entered_edit  integer NOT NULL DEFAULT 0,
    entered_time  integer NOT NULL DEFAULT 0,
    entered_rule  integer NOT NULL DEFAULT 0,
    departed_call integer NOT NULL DEFAULT 0,
    departed_edit integer NOT NULL DEFAULT 0,
    departed_time integer NOT NULL DEFAULT 0,
    departed_rule integer NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, segment_id, day)
);

-- The comparison of every membership with a full evaluation: how far it is, or what the last one found.
CREATE TABLE segment_checks (
    workspace_id integer NOT NULL,
    next_chunk   integer NOT NULL,
    total_chunks integer NOT NULL,
    differences  integer NOT NULL,
    started_at   datetime NOT NULL,
    finished_at  datetime,
    PRIMARY KEY (workspace_id)
);

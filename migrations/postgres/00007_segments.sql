-- +goose Up
-- The last processed call for a contact, even one that changed nothing: rules look at it.
ALTER TABLE contacts ADD COLUMN touched_webhook_id bigint;
ALTER TABLE contacts ADD COLUMN touched_at timestamptz;

-- Who changed a contact by hand, in bulk or by an import; a call has its request instead.
ALTER TABLE dirty_contacts ADD COLUMN user_id bigint;

ALTER TABLE segments ADD COLUMN building_since timestamptz;
ALTER TABLE segments ADD COLUMN building_user_id bigint;
-- When a verification last went over all of it.
ALTER TABLE segments ADD COLUMN verified_at timestamptz;

-- Why one contact entered or left: 'call', 'edit' (of the contact), 'time' or 'repair'.
ALTER TABLE segment_changes ADD COLUMN cause text NOT NULL DEFAULT 'edit';
ALTER TABLE segment_changes ADD COLUMN user_id bigint;
UPDATE segment_changes SET cause = 'call' WHERE request_id IS NOT NULL;
CREATE INDEX segment_changes_segment ON segment_changes (workspace_id, segment_id, id);

-- Who entered and left at once because a rule was edited, time passed or a fault was repaired: a row for a segment and a
-- span of 8192 consecutive contact ids.
CREATE TABLE segment_bulk_changes (
    workspace_id bigint NOT NULL,
    id           uuid NOT NULL,
    segment_id   bigint NOT NULL,
    span         bigint NOT NULL,
    entered      bytea NOT NULL,
    departed     bytea NOT NULL,
    cause        text NOT NULL CHECK (cause IN ('rule', 'basis', 'time', 'repair')),
    user_id      bigint,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX segment_bulk_changes_segment ON segment_bulk_changes (workspace_id, segment_id, id);
CREATE INDEX segment_bulk_changes_span ON segment_bulk_changes (workspace_id, span, id);

-- The next instant at which passing time alone can change a membership among 256 consecutive contact ids.
CREATE TABLE segment_due (
    workspace_id bigint NOT NULL,
    chunk        bigint NOT NULL,
    due_at       timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, chunk)
);
CREATE INDEX segment_due_at ON segment_due (due_at);

-- A segment's size at the end of each day in the workspace's time zone, and who entered and left on it, by cause.
CREATE TABLE segment_days (
    workspace_id  bigint NOT NULL,
    segment_id    bigint NOT NULL,
    day           text NOT NULL,
    size          bigint NOT NULL,
    entered_call  bigint NOT NULL DEFAULT 0,
    entered_edit  bigint NOT NULL DEFAULT 0,
    entered_time  bigint NOT NULL DEFAULT 0,
    entered_rule  bigint NOT NULL DEFAULT 0,
    departed_call bigint NOT NULL DEFAULT 0,
    departed_edit bigint NOT NULL DEFAULT 0,
    departed_time bigint NOT NULL DEFAULT 0,
    departed_rule bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, segment_id, day)
);

-- The comparison of every membership with a full evaluation: how far it is, or what the last one found.
CREATE TABLE segment_checks (
    workspace_id bigint NOT NULL,
    next_chunk   bigint NOT NULL,
    total_chunks bigint NOT NULL,
    differences  bigint NOT NULL,
    started_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    PRIMARY KEY (workspace_id)
);

-- A tick rewrites rows all over the table. With room for a row's next version in its page the table stays small, and its
-- index as it is.
ALTER TABLE segment_bits SET (fillfactor = 60);

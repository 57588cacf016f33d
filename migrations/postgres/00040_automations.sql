-- +goose Up
-- Nothing has written events since migration 17, and no automation may start on the ones from before. The table is made again, with
-- what automations need to know.
DROP TABLE automation_events;
CREATE TABLE automation_events (
    workspace_id    bigint NOT NULL,
    id              uuid NOT NULL,
    type            text NOT NULL,
    contact_id      bigint NOT NULL,
    contact_version bigint NOT NULL,
    subject_id      bigint NOT NULL DEFAULT 0,
    webhook_id      bigint NOT NULL DEFAULT 0,
    request_id      uuid,
    run_id          uuid,
    by_hand         boolean NOT NULL DEFAULT false,
    depth           smallint NOT NULL DEFAULT 0,
    fields          text NOT NULL DEFAULT '',
    snapshot        text,
    state           text NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX automation_events_contact ON automation_events (workspace_id, contact_id, contact_version);
CREATE INDEX automation_events_pending ON automation_events (workspace_id, id) WHERE state = 'pending';

-- Which events the enabled automations of a workspace listen for: models.Listens.
ALTER TABLE workspaces ADD COLUMN listens bigint NOT NULL DEFAULT 0;

CREATE TABLE automations (
    workspace_id bigint NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    name         text NOT NULL,
    enabled      boolean NOT NULL,
    definition   text NOT NULL,
    revision     bigint NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    deleted_at   timestamptz,
    PRIMARY KEY (workspace_id, id)
);
-- Every definition that an automation has had. Runs finish the one they began with.
CREATE TABLE automation_versions (
    workspace_id  bigint NOT NULL,
    automation_id bigint NOT NULL,
    revision      bigint NOT NULL,
    definition    text NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, automation_id, revision)
);
CREATE TABLE automation_runs (
    workspace_id    bigint NOT NULL,
    id              uuid NOT NULL,
    automation_id   bigint NOT NULL,
    revision        bigint NOT NULL,
    event_id        uuid NOT NULL,
    request_id      uuid,
    contact_id      bigint NOT NULL,
    contact_version bigint NOT NULL,
    depth           smallint NOT NULL,
    state           text NOT NULL CHECK (state IN ('due', 'waiting', 'done', 'stopped', 'failed')),
    step            integer NOT NULL,
    due_at          timestamptz NOT NULL,
    tries           integer NOT NULL DEFAULT 0,
    reason          text NOT NULL DEFAULT '',
    ended_at        timestamptz,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, event_id, automation_id)
);
CREATE INDEX automation_runs_due ON automation_runs (due_at) WHERE ended_at IS NULL;
CREATE INDEX automation_runs_automation ON automation_runs (workspace_id, automation_id, id);
CREATE INDEX automation_runs_contact ON automation_runs (workspace_id, contact_id, id);
CREATE INDEX automation_runs_request ON automation_runs (workspace_id, request_id) WHERE request_id IS NOT NULL;
CREATE TABLE run_steps (
    workspace_id bigint NOT NULL,
    run_id       uuid NOT NULL,
    number       integer NOT NULL,
    step_id      bigint NOT NULL,
    result       text NOT NULL,
    delivery_id  uuid,
    body         bytea,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, run_id, number)
);

CREATE TABLE destinations (
    workspace_id  bigint NOT NULL,
    id            bigint GENERATED ALWAYS AS IDENTITY,
    name          text NOT NULL,
    url           text NOT NULL,
    secret        bytea NOT NULL,
    older_secret  bytea,
    ending        text NOT NULL,
    headers       bytea,
    enabled       boolean NOT NULL,
    off_reason    text NOT NULL DEFAULT '',
    failing_since timestamptz,
    failures      bigint NOT NULL DEFAULT 0,
    arrived_at    timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    deleted_at    timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE TABLE deliveries (
    workspace_id    bigint NOT NULL,
    id              uuid NOT NULL,
    destination_id  bigint NOT NULL,
    event_type      text NOT NULL,
    event_id        uuid NOT NULL,
    run_id          uuid,
    request_id      uuid,
    contact_id      bigint NOT NULL,
    contact_version bigint NOT NULL,
    body            bytea,
    state           text NOT NULL CHECK (state IN ('pending', 'arrived', 'dead', 'dropped')),
    tries           integer NOT NULL DEFAULT 0,
    next_at         timestamptz NOT NULL,
    ended_at        timestamptz,
    reason          text NOT NULL DEFAULT '',
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX deliveries_due ON deliveries (workspace_id, destination_id, next_at) WHERE state = 'pending';
CREATE INDEX deliveries_order ON deliveries (workspace_id, destination_id, contact_id, contact_version, id) WHERE state = 'pending';
CREATE INDEX deliveries_destination ON deliveries (workspace_id, destination_id, state, id);
CREATE INDEX deliveries_contact ON deliveries (workspace_id, contact_id, id);
CREATE INDEX deliveries_request ON deliveries (workspace_id, request_id) WHERE request_id IS NOT NULL;
CREATE TABLE delivery_attempts (
    workspace_id bigint NOT NULL,
    delivery_id  uuid NOT NULL,
    number       integer NOT NULL,
    at           timestamptz NOT NULL,
    status       integer NOT NULL,
    error        text NOT NULL,
    duration_us  bigint NOT NULL,
    answer       bytea,
    PRIMARY KEY (workspace_id, delivery_id, number)
);

-- Marks of contacts that a run of an automation changed: the segments that they enter and leave may start further automations.
ALTER TABLE dirty_contacts ADD COLUMN run_id uuid;
ALTER TABLE dirty_contacts ADD COLUMN depth smallint NOT NULL DEFAULT 0;

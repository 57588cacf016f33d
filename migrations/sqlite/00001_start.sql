-- +goose Up

-- Reference tables: they know no workspace, or are the workspace.
CREATE TABLE workspaces (
    id         integer PRIMARY KEY AUTOINCREMENT,
    slug       text NOT NULL UNIQUE,
    name       text NOT NULL,
    time_zone  text NOT NULL,
    created_at datetime NOT NULL
);

CREATE TABLE users (
    id            integer PRIMARY KEY AUTOINCREMENT,
    email         text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at    datetime NOT NULL
);

CREATE TABLE memberships (
    workspace_id integer NOT NULL REFERENCES workspaces (id),
    user_id      integer NOT NULL REFERENCES users (id),
    role         text NOT NULL CHECK (role IN ('admin', 'manager', 'viewer')),
    created_at   datetime NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE sessions (
    token_hash blob PRIMARY KEY,
    user_id    integer REFERENCES users (id) ON DELETE CASCADE,
    data       text NOT NULL,
    created_at datetime NOT NULL,
    seen_at    datetime NOT NULL,
    expires_at datetime NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- The one-time set-up link of an empty database. A single row: a new link ends the old one.
CREATE TABLE setup_link (
    id         integer PRIMARY KEY CHECK (id = 1),
    token_hash blob NOT NULL,
    created_at datetime NOT NULL
);

-- Failed sign-ins by account and by client address; who holds a hash of either, never the thing itself.
CREATE TABLE sign_in_failures (
    who           blob PRIMARY KEY,
    failures      integer NOT NULL,
    blocked_until datetime NOT NULL,
    updated_at    datetime NOT NULL
);

-- What a workspace sets up.
CREATE TABLE webhooks (
    workspace_id integer NOT NULL REFERENCES workspaces (id),
    id           integer PRIMARY KEY AUTOINCREMENT,
    name         text NOT NULL CHECK (name <> ''),
    type         text NOT NULL CHECK (type IN ('SUBSCRIBED', 'UNCONFIRMED', 'UNSUBSCRIBED', 'DELETE')),
    hash         text NOT NULL,
    enabled      boolean NOT NULL,
    form_key     text,
    created_at   datetime NOT NULL,
    updated_at   datetime NOT NULL,
    deleted_at   datetime,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, form_key)
);

-- The one look-up that knows no workspace. Retired hashes stay, so that a late call can be explained.
CREATE TABLE webhook_hashes (
    hash         text PRIMARY KEY,
    workspace_id integer NOT NULL,
    webhook_id   integer NOT NULL,
    created_at   datetime NOT NULL,
    retired_at   datetime,
    FOREIGN KEY (workspace_id, webhook_id) REFERENCES webhooks (workspace_id, id)
);
CREATE INDEX webhook_hashes_webhook ON webhook_hashes (workspace_id, webhook_id);

CREATE TABLE tags (
    workspace_id integer NOT NULL REFERENCES workspaces (id),
    id           integer PRIMARY KEY AUTOINCREMENT,
    name         text NOT NULL CHECK (name <> ''),
    name_folded  text NOT NULL,
    created_at   datetime NOT NULL,
    deleted_at   datetime,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, name_folded)
);

CREATE TABLE webhook_tags (
    workspace_id integer NOT NULL,
    webhook_id   integer NOT NULL,
    tag_id       integer NOT NULL,
    PRIMARY KEY (workspace_id, webhook_id, tag_id),
    FOREIGN KEY (workspace_id, webhook_id) REFERENCES webhooks (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, tag_id) REFERENCES tags (workspace_id, id)
);
CREATE INDEX webhook_tags_tag ON webhook_tags (workspace_id, tag_id);

CREATE TABLE merge_tags (
    workspace_id  integer NOT NULL REFERENCES workspaces (id),
    id            integer PRIMARY KEY AUTOINCREMENT,
    key           text NOT NULL,
    label         text NOT NULL CHECK (label <> ''),
    type          text NOT NULL CHECK (type IN ('text', 'number', 'boolean', 'date', 'dropdown_single', 'dropdown_multiple', 'country')),
    options       text NOT NULL,
    default_value text NOT NULL,
    created_at    datetime NOT NULL,
    deleted_at    datetime,
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, key)
);

-- The audience.
CREATE TABLE workspace_counters (
    workspace_id    integer PRIMARY KEY REFERENCES workspaces (id),
    next_contact_id integer NOT NULL
);

CREATE TABLE contacts (
    workspace_id      integer NOT NULL REFERENCES workspaces (id),
    id                integer NOT NULL,
    email             text NOT NULL,
    status            text NOT NULL CHECK (status IN ('SUBSCRIBED', 'UNCONFIRMED', 'UNSUBSCRIBED')),
    fields            text NOT NULL,
    version           integer NOT NULL,
    source_webhook_id integer,
    created_at        datetime NOT NULL,
    updated_at        datetime NOT NULL,
    subscribed_at     datetime,
    unconfirmed_at    datetime,
    unsubscribed_at   datetime,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, email)
);
CREATE INDEX contacts_status ON contacts (workspace_id, status, id);

CREATE TABLE contact_tags (
    workspace_id integer NOT NULL,
    contact_id   integer NOT NULL,
    tag_id       integer NOT NULL,
    PRIMARY KEY (workspace_id, contact_id, tag_id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, tag_id) REFERENCES tags (workspace_id, id)
);
CREATE INDEX contact_tags_tag ON contact_tags (workspace_id, tag_id, contact_id);

-- Segments.
CREATE TABLE segments (
    workspace_id  integer NOT NULL REFERENCES workspaces (id),
    id            integer PRIMARY KEY AUTOINCREMENT,
    name          text NOT NULL CHECK (name <> ''),
    rule          text NOT NULL,
    slot          integer NOT NULL,
    building_slot integer,
    building_rule text,
    built_chunks  integer NOT NULL,
    total_chunks  integer NOT NULL,
    member_count  integer NOT NULL,
    broken_reason text NOT NULL,
    created_at    datetime NOT NULL,
    updated_at    datetime NOT NULL,
    built_at      datetime,
    UNIQUE (workspace_id, id)
);

CREATE TABLE segment_bits (
    workspace_id integer NOT NULL,
    chunk        integer NOT NULL,
    bits         blob NOT NULL,
    PRIMARY KEY (workspace_id, chunk)
);

-- From here on ids without foreign keys: these rows outlive what they speak of.
CREATE TABLE segment_changes (
    workspace_id integer NOT NULL,
    id           text NOT NULL,
    segment_id   integer NOT NULL,
    contact_id   integer NOT NULL,
    entered      boolean NOT NULL,
    request_id   text,
    at           datetime NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX segment_changes_request ON segment_changes (workspace_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX segment_changes_contact ON segment_changes (workspace_id, contact_id, id);

CREATE TABLE dirty_contacts (
    workspace_id integer NOT NULL,
    id           integer PRIMARY KEY AUTOINCREMENT,
    contact_id   integer NOT NULL,
    request_id   text,
    at           datetime NOT NULL,
    UNIQUE (workspace_id, id)
);

CREATE TABLE automation_events (
    workspace_id    integer NOT NULL,
    id              text NOT NULL,
    type            text NOT NULL CHECK (type IN ('contact_subscribed_confirmed', 'contact_subscribed_pending', 'contact_unsubscribed')),
    contact_id      integer NOT NULL,
    contact_version integer NOT NULL,
    webhook_id      integer NOT NULL,
    request_id      text NOT NULL,
    snapshot        text,
    state           text NOT NULL,
    created_at      datetime NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX automation_events_contact ON automation_events (workspace_id, contact_id, contact_version);

-- One row a call. Ids are UUIDv7 in their text form, so they sort by time.
CREATE TABLE webhook_requests (
    workspace_id    integer NOT NULL,
    id              text NOT NULL,
    webhook_id      integer NOT NULL,
    contact_id      integer,
    contact_version integer,
    who             integer,
    address         text,
    method          text NOT NULL,
    content_type    text NOT NULL,
    outcome         text NOT NULL,
    status          integer NOT NULL,
    client_address  text,
    user_agent      text,
    duration_us     integer NOT NULL,
    size            integer NOT NULL,
    body            blob,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX webhook_requests_webhook ON webhook_requests (webhook_id, id);
CREATE INDEX webhook_requests_who ON webhook_requests (workspace_id, who, id);
CREATE INDEX webhook_requests_failed ON webhook_requests (workspace_id, id) WHERE status >= 400;
CREATE UNIQUE INDEX webhook_requests_id ON webhook_requests (id);

-- Delta rows that the ticker folds; readers sum all.
CREATE TABLE webhook_counts (
    workspace_id integer NOT NULL,
    id           integer PRIMARY KEY AUTOINCREMENT,
    webhook_id   integer NOT NULL,
    hour         datetime NOT NULL,
    outcome      text NOT NULL,
    failed       boolean NOT NULL,
    calls        integer NOT NULL,
    last_call    datetime NOT NULL,
    UNIQUE (workspace_id, id)
);
CREATE INDEX webhook_counts_hour ON webhook_counts (workspace_id, hour);

CREATE TABLE audit_log (
    workspace_id integer NOT NULL,
    id           text NOT NULL,
    user_id      integer NOT NULL,
    action       text NOT NULL,
    subject      text NOT NULL,
    subject_id   integer NOT NULL,
    detail       text NOT NULL,
    at           datetime NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX audit_log_subject ON audit_log (workspace_id, subject, subject_id, id);

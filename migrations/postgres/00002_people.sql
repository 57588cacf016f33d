-- +goose Up

-- Staff who may read the request logs of every workspace and change nothing.
ALTER TABLE users ADD COLUMN support boolean NOT NULL DEFAULT false;

-- When a member last opened a page of the workspace, to some minutes; NULL is never.
ALTER TABLE memberships ADD COLUMN seen_at timestamptz;

-- Whether single keys do something on the pages of the person.
ALTER TABLE users ADD COLUMN single_keys boolean NOT NULL DEFAULT true;

-- A deleted workspace answers nothing any more; a job removes what is in it, and at last its row.
ALTER TABLE workspaces ADD COLUMN deleted_at timestamptz;

-- Who is to become a member. Somebody without an account opens the link, of which only the hash is here; somebody with
-- one signs in and accepts.
CREATE TABLE invitations (
    workspace_id bigint NOT NULL REFERENCES workspaces (id),
    id           bigint GENERATED ALWAYS AS IDENTITY,
    email        text NOT NULL,
    role         text NOT NULL CHECK (role IN ('admin', 'manager', 'viewer')),
    token_hash   bytea,
    invited_by   bigint NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, email)
);
CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);
CREATE INDEX invitations_email ON invitations (email);

-- What a subject was called when it was changed: the log outlives what it speaks of. Contacts have no name here.
ALTER TABLE audit_log ADD COLUMN subject_name text NOT NULL DEFAULT '';
-- An import or a change of many notes a million contacts, each for its own history; whoever reads the log of the workspace
-- finds one entry for the whole and does not walk through them.
CREATE INDEX audit_log_shown ON audit_log (workspace_id, id) WHERE subject <> 'one_of_many';
CREATE INDEX audit_log_user ON audit_log (workspace_id, user_id, id) WHERE subject <> 'one_of_many';

-- Work that takes longer than a request. Who holds the lease does the next step.
CREATE TABLE jobs (
    workspace_id bigint NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    kind         text NOT NULL,
    user_id      bigint NOT NULL,
    state        text NOT NULL CHECK (state IN ('draft', 'running', 'done', 'failed', 'stopped')),
    spec         text NOT NULL,
    cursor       text NOT NULL,
    done         bigint NOT NULL,
    total        bigint NOT NULL,
    result       text NOT NULL,
    failure      text NOT NULL,
    tries        integer NOT NULL,
    holder       text NOT NULL,
    lease_until  timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';

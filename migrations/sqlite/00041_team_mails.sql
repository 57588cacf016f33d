-- +goose Up
-- Webhooks that are failing or silent, so that an automation hears of it once. Kept only where one listens.
CREATE TABLE webhook_states (
    workspace_id integer NOT NULL,
    webhook_id   integer NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('webhook_failing', 'webhook_silent')),
    since        datetime NOT NULL,
    PRIMARY KEY (workspace_id, webhook_id, kind)
);

-- What an automation has to tell a member by e-mail. next_at is when the next mail may be sent, or when the lease of a sender ends.
CREATE TABLE team_mails (
    workspace_id  integer NOT NULL,
    automation_id integer NOT NULL,
    user_id       integer NOT NULL,
    words         text NOT NULL,
    waiting       integer NOT NULL,
    first_at      datetime NOT NULL,
    next_at       datetime NOT NULL,
    last_sent_at  datetime,
    tries         integer NOT NULL DEFAULT 0,
    problem       text NOT NULL DEFAULT '',
    PRIMARY KEY (workspace_id, automation_id, user_id)
);
CREATE INDEX team_mails_due ON team_mails (next_at) WHERE waiting > 0;

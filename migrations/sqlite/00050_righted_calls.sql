-- +goose Up
-- Failed calls that a replay has put right, counted in the hour in which they came, as webhook_counts counts them.
CREATE TABLE righted_calls (
    workspace_id integer NOT NULL,
    hour         datetime NOT NULL,
    webhook_id   integer NOT NULL,
    outcome      text NOT NULL,
    calls        integer NOT NULL,
    PRIMARY KEY (workspace_id, hour, webhook_id, outcome)
) WITHOUT ROWID;

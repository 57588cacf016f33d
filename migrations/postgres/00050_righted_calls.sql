-- +goose Up
-- Failed calls that a replay has put right, counted in the hour in which they came, as webhook_counts counts them.
CREATE TABLE righted_calls (
    workspace_id bigint NOT NULL,
    hour timestamptz NOT NULL,
    webhook_id bigint NOT NULL,
    outcome text NOT NULL,
    calls bigint NOT NULL,
    PRIMARY KEY (workspace_id, hour, webhook_id, outcome)
);

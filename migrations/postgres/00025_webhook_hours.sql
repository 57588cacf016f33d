-- +goose Up
-- What a webhook had in an hour beside its calls in the log: calls over a limit, and the most calls of a minute, of all and of one network.
CREATE TABLE webhook_hours (
    workspace_id bigint NOT NULL,
    webhook_id bigint NOT NULL,
    hour timestamptz NOT NULL,
    turned_away bigint NOT NULL DEFAULT 0,
    busiest_minute bigint NOT NULL DEFAULT 0,
    busiest_network bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, webhook_id, hour)
);
CREATE INDEX webhook_hours_hour ON webhook_hours (workspace_id, hour);

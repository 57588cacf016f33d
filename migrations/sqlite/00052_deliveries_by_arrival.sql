-- +goose Up
-- A destination's page counts what arrived in 24 hours.
CREATE INDEX deliveries_arrived ON deliveries (workspace_id, destination_id, arrived_at) WHERE arrived_at IS NOT NULL;

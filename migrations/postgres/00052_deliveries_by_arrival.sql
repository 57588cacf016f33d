-- +goose NO TRANSACTION
-- +goose Up
-- A destination's page counts what arrived in 24 hours. An attempt that was cut off leaves an index that cannot be used, so it is dropped first.
DROP INDEX CONCURRENTLY IF EXISTS deliveries_arrived;
CREATE INDEX CONCURRENTLY deliveries_arrived ON deliveries (workspace_id, destination_id, arrived_at) WHERE arrived_at IS NOT NULL;

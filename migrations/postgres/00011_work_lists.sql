-- +goose NO TRANSACTION
-- +goose Up
-- What waits to be built or purged is found without reading the tables: the program asks every few seconds.
CREATE INDEX CONCURRENTLY IF NOT EXISTS segments_building ON segments (workspace_id) WHERE building_slot IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS tags_deleted ON tags (workspace_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS merge_tags_deleted ON merge_tags (workspace_id) WHERE deleted_at IS NOT NULL;

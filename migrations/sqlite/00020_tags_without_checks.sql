-- +goose Up
-- Postgres drops two foreign keys of contact_tags here. On SQLite they stay: checking them costs little there, and dropping them would
-- copy the table.
SELECT 1;

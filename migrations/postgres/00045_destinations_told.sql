-- +goose Up
-- told: how much of what is wrong with the destination the workspace's admins have been told, as models.DestinationTold has it.
ALTER TABLE destinations ADD COLUMN told smallint NOT NULL DEFAULT 0;

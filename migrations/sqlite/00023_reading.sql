-- +goose Up
-- How a webhook reads its calls, as JSON; empty for the documented format. Every change raises the revision.
ALTER TABLE webhooks ADD COLUMN reading text NOT NULL DEFAULT '';
ALTER TABLE webhooks ADD COLUMN reading_revision integer NOT NULL DEFAULT 0;

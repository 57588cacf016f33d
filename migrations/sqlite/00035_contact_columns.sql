-- +goose Up
-- The columns of the list of contacts that the person has chosen, as JSON; '' for the usual ones.
ALTER TABLE memberships ADD COLUMN contact_columns text NOT NULL DEFAULT '';

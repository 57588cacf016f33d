-- +goose Up
-- No automation existed when these events fired, so none may ever start on them.
UPDATE automation_events SET state = 'unclaimed' WHERE state = 'pending';

-- +goose Up
-- run_id: the last run that tells the member something, to which the mail links.
ALTER TABLE team_mails ADD COLUMN run_id uuid;

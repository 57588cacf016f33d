-- +goose Up
-- A segment's first build is told apart from a rule that was edited later: its cause is 'first'.
ALTER TABLE segment_bulk_changes DROP CONSTRAINT segment_bulk_changes_cause_check;
ALTER TABLE segment_bulk_changes ADD CONSTRAINT segment_bulk_changes_cause_check CHECK (cause IN ('first', 'rule', 'basis', 'time', 'repair'));

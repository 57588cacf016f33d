-- +goose Up
-- Expired sessions are found by either of two times, which this index cannot serve: it was never used.
DROP INDEX sessions_expires;

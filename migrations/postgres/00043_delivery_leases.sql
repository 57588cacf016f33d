-- +goose Up
-- leased_until: a sender that takes a delivery changes this column alone. No index has it, so that Postgres can write the new row beside
-- the old one, on pages with room, and leave the indexes as they are.
ALTER TABLE deliveries ADD COLUMN leased_until timestamptz;
ALTER TABLE deliveries SET (fillfactor = 50);
-- held: next_at is when an earlier delivery about the same contact may have ended.
ALTER TABLE deliveries ADD COLUMN held boolean NOT NULL DEFAULT false;
-- asked: a person asked for the next attempt. If it fails, the schedule goes on at resume_at, and by_hand counts the attempt.
ALTER TABLE deliveries ADD COLUMN asked boolean NOT NULL DEFAULT false;
ALTER TABLE deliveries ADD COLUMN resume_at timestamptz;
ALTER TABLE deliveries ADD COLUMN by_hand integer NOT NULL DEFAULT 0;
-- arrived_at: the first arrival. It stays when the delivery is sent again.
ALTER TABLE deliveries ADD COLUMN arrived_at timestamptz;
UPDATE deliveries SET arrived_at = ended_at WHERE state = 'arrived';
-- tries counts every attempt, also one that ended after its delivery had.
UPDATE deliveries AS d SET tries = a.number
    FROM (SELECT workspace_id, delivery_id, max(number) AS number FROM delivery_attempts GROUP BY workspace_id, delivery_id) AS a
    WHERE a.workspace_id = d.workspace_id AND a.delivery_id = d.id AND a.number > d.tries;

ALTER TABLE delivery_attempts ADD COLUMN by_hand boolean NOT NULL DEFAULT false;
-- The wait that the answer asked for, in seconds, and whether the answer broke off.
ALTER TABLE delivery_attempts ADD COLUMN retry_after bigint NOT NULL DEFAULT 0;
ALTER TABLE delivery_attempts ADD COLUMN cut_off boolean NOT NULL DEFAULT false;

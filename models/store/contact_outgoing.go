package store

import (
	"context"

	"campaignlark/models"
)

// ContactOutgoing says what automations have under way for a contact, and what was sent about it. Counts stop at ExactCount + 1.
type ContactOutgoing struct {
	Runs    int64    // that go on
	Waiting int64    // messages
	Sent    []string // the names of destinations that took messages about the contact
}

// ContactOutgoing returns what an erasure of the contact ends, and what it does not reach.
func (d *DB) ContactOutgoing(ctx context.Context, c models.Contact) (o ContactOutgoing, err error) {
	args := map[string]any{"ws": c.WorkspaceID, "id": c.ID, "most": models.ExactCount + 1}
	err = d.Read(ctx).Raw(`SELECT
		(SELECT count(*) FROM (SELECT 1 FROM automation_runs WHERE workspace_id = @ws AND contact_id = @id AND ended_at IS NULL LIMIT @most) AS a) AS runs,
		(SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE workspace_id = @ws AND contact_id = @id AND state = 'pending' LIMIT @most) AS b) AS waiting`, args).Row().Scan(&o.Runs, &o.Waiting)
	if err != nil {
		return o, models.In("what is under way", err)
	}
	err = d.Read(ctx).Raw(`SELECT name FROM destinations t WHERE workspace_id = @ws
		AND EXISTS (SELECT 1 FROM deliveries v WHERE v.workspace_id = @ws AND v.contact_id = @id AND v.destination_id = t.id AND v.arrived_at IS NOT NULL) ORDER BY name, id`, args).Scan(&o.Sent).Error
	return o, models.In("where messages arrived", err)
}

package store

import (
	"context"

	"campaignlark/models"

	"github.com/google/uuid"
)

// FoundMessage is a message to another system that a search found by an id.
type FoundMessage struct {
	ID          uuid.UUID
	State       models.DeliveryState
	Destination string // its name
}

// FoundRun is a run of an automation that a search found by an id.
type FoundRun struct {
	models.AutomationRun
	Name string // of the automation
}

// SearchOutgoing finds runs by their id or by the id of the event that started them, at most limit, and the messages of these runs or the message
// with the id.
func (d *DB) SearchOutgoing(ctx context.Context, workspaceID int64, id uuid.UUID, limit int) (runs []FoundRun, messages []FoundMessage, err error) {
	args := map[string]any{"ws": workspaceID, "id": id, "limit": limit}
	err = d.Read(ctx).Raw(`SELECT r.*, a.name FROM (SELECT * FROM automation_runs WHERE workspace_id = @ws AND id = @id
			UNION SELECT * FROM automation_runs WHERE workspace_id = @ws AND event_id = @id) AS r
		JOIN automations a ON a.workspace_id = r.workspace_id AND a.id = r.automation_id ORDER BY r.id LIMIT @limit`, args).Scan(&runs).Error
	if err != nil {
		return nil, nil, models.In("runs", err)
	}
	err = d.Read(ctx).Raw(`SELECT m.id, m.state, t.name AS destination FROM (SELECT workspace_id, id, state, destination_id FROM deliveries WHERE workspace_id = @ws AND id = @id
			UNION SELECT v.workspace_id, v.id, v.state, v.destination_id FROM automation_runs r
				JOIN deliveries v ON v.workspace_id = @ws AND v.contact_id = r.contact_id AND v.run_id = r.id WHERE r.workspace_id = @ws AND r.event_id = @id) AS m
		JOIN destinations t ON t.workspace_id = m.workspace_id AND t.id = m.destination_id ORDER BY m.id LIMIT @limit`, args).Scan(&messages).Error
	return runs, messages, models.In("messages", err)
}

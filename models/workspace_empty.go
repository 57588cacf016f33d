package models

import "context"

// WorkspaceEmpty says whether nobody has set anything up in a workspace yet: no contacts, webhooks or merge tags.
func (d *DB) WorkspaceEmpty(ctx context.Context, workspaceID int64) (empty bool, err error) {
	err = d.Read(ctx).Raw(`SELECT NOT EXISTS (SELECT 1 FROM contacts WHERE workspace_id = @ws)
		AND NOT EXISTS (SELECT 1 FROM webhooks WHERE workspace_id = @ws)
		AND NOT EXISTS (SELECT 1 FROM merge_tags WHERE workspace_id = @ws)`, map[string]any{"ws": workspaceID}).Scan(&empty).Error
	return empty, err
}

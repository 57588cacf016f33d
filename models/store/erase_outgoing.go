package store

import (
	"strings"
	"time"
)

// OutgoingErasure is a statement that erases a contact from one table: $1 is the workspace, $2 the contact and $3, if it ends something, the time.
type OutgoingErasure struct {
	SQL  string
	ends bool
}

// OutgoingErasures erase a contact from what automations and deliveries keep, in the order of the list: events, runs, and messages with the
// answers to them. What the contact still waits for ends. That a message was sent, when, and with which status is kept.
var OutgoingErasures = []OutgoingErasure{
	{SQL: `UPDATE automation_events SET snapshot = NULL WHERE workspace_id = $1 AND contact_id = $2`},
	{SQL: `UPDATE run_steps SET body = NULL WHERE workspace_id = $1 AND run_id IN (SELECT id FROM automation_runs WHERE workspace_id = $1 AND contact_id = $2)`},
	{SQL: `UPDATE automation_runs SET state = 'stopped', reason = 'The contact was erased.', ended_at = $3
		WHERE workspace_id = $1 AND contact_id = $2 AND ended_at IS NULL`, ends: true},
	{SQL: `UPDATE delivery_attempts SET answer = NULL WHERE workspace_id = $1 AND delivery_id IN (SELECT id FROM deliveries WHERE workspace_id = $1 AND contact_id = $2)`},
	{SQL: `UPDATE deliveries SET body = NULL WHERE workspace_id = $1 AND contact_id = $2 AND state <> 'pending'`},
	{SQL: `UPDATE deliveries SET body = NULL, state = 'dropped', reason = 'The person was erased.', ended_at = $3
		WHERE workspace_id = $1 AND contact_id = $2 AND state = 'pending'`, ends: true},
}

// Args returns the arguments of the statement.
func (e OutgoingErasure) Args(workspaceID, contactID int64, at time.Time) []any {
	if e.ends {
		return []any{workspaceID, contactID, at}
	}
	return []any{workspaceID, contactID}
}

// many returns the statement for several contacts, with named arguments.
func (e OutgoingErasure) many() string {
	return strings.NewReplacer("$1", "@ws", "= $2", "IN @ids", "$3", "@at").Replace(e.SQL)
}

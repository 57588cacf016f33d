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
//
// The sender may record an attempt at the same time. One statement changes messages in every state, so that none passes from one state to
// another between two statements. It comes before the answers: the sender then waits for the lock on the message, and keeps no answer.
var OutgoingErasures = []OutgoingErasure{
	{SQL: `UPDATE automation_events SET snapshot = NULL WHERE workspace_id = $1 AND contact_id = $2`},
	{SQL: `UPDATE run_steps SET body = NULL WHERE workspace_id = $1 AND run_id IN (SELECT id FROM automation_runs WHERE workspace_id = $1 AND contact_id = $2)`},
	{SQL: `UPDATE automation_runs SET state = 'stopped', reason = 'The contact was erased.', ended_at = $3
		WHERE workspace_id = $1 AND contact_id = $2 AND ended_at IS NULL`, ends: true},
	{SQL: `UPDATE deliveries SET body = NULL, state = CASE state WHEN 'pending' THEN 'dropped' ELSE state END,
		reason = CASE state WHEN 'pending' THEN 'The person was erased.' ELSE reason END, ended_at = CASE state WHEN 'pending' THEN $3 ELSE ended_at END
		WHERE workspace_id = $1 AND contact_id = $2`, ends: true},
	{SQL: `UPDATE delivery_attempts SET answer = NULL WHERE workspace_id = $1 AND delivery_id IN (SELECT id FROM deliveries WHERE workspace_id = $1 AND contact_id = $2)`},
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

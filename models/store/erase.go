package store

import (
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// These statements erase one person. The transaction holds the address lock. $1 is the workspace. What happened, when,
// and through which webhook is kept (CONTRACT "What each type does").
const (
	eraseRequests = `UPDATE webhook_requests SET who = NULL, address = NULL, client_address = NULL, user_agent = NULL, body = NULL WHERE workspace_id = `
	eraseEvents   = `UPDATE automation_events SET snapshot = NULL WHERE workspace_id = `
	// EraseRequestsSQL clears the person's data from the request log; $2 is models.AddressKey, $3 the address.
	EraseRequestsSQL = eraseRequests + `$1 AND who = $2 AND address = $3`
	// EraseEventsSQL clears the snapshots of the contact $2.
	EraseEventsSQL = eraseEvents + `$1 AND contact_id = $2`
	// DeleteContactTagsSQL takes the tags off the contact $2. No foreign key does it: call it before DeleteContactSQL.
	DeleteContactTagsSQL = `DELETE FROM contact_tags WHERE workspace_id = $1 AND contact_id = $2`
	// DeleteContactSQL deletes the contact $2.
	DeleteContactSQL = `DELETE FROM contacts WHERE workspace_id = $1 AND id = $2`
)

// EraseContact erases c: its row, and its data in the log and the events. It starts a search of the workspace's files for it,
// and marks it so that it leaves its segments. The caller takes LockAddresses for models.AddressKey(c.WorkspaceID, c.Email)
// before it reads c.
func EraseContact(tx *gorm.DB, c models.Contact, userID int64, at time.Time) error {
	if err := tx.Exec(EraseRequestsSQL, c.WorkspaceID, models.AddressKey(c.WorkspaceID, c.Email), c.Email).Error; err != nil {
		return models.In("erase requests", err)
	}
	if err := tx.Exec(EraseEventsSQL, c.WorkspaceID, c.ID).Error; err != nil {
		return models.In("erase events", err)
	}
	if err := tx.Exec(DeleteContactTagsSQL, c.WorkspaceID, c.ID).Error; err != nil {
		return models.In("delete the contact's tags", err)
	}
	if err := forgetNames(tx, c.WorkspaceID, []models.Contact{c}); err != nil {
		return models.In("delete the words of its name", err)
	}
	if err := tx.Exec(DeleteContactSQL, c.WorkspaceID, c.ID).Error; err != nil {
		return models.In("delete the contact", err)
	}
	if err := forget(tx, c.WorkspaceID, []int64{models.AddressKey(c.WorkspaceID, c.Email)}, at); err != nil {
		return models.In("search files later", err)
	}
	return models.In("mark", MarkContacts(tx, c.WorkspaceID, userID, []int64{c.ID}, models.Instant(at)))
}

// EraseContacts does EraseContact for several contacts of one workspace, at most as many as one transaction may lock.
func EraseContacts(tx *gorm.DB, workspaceID, userID int64, contacts []models.Contact, at time.Time) error {
	if len(contacts) == 0 {
		return nil
	}
	ids, keys, addresses := idsOf(contacts), make([]int64, len(contacts)), make([]string, len(contacts))
	for i, c := range contacts {
		keys[i], addresses[i] = models.AddressKey(workspaceID, c.Email), c.Email
	}
	if err := tx.Exec(eraseRequests+"? AND who IN ? AND address IN ?", workspaceID, keys, addresses).Error; err != nil {
		return models.In("erase requests", err)
	}
	if err := tx.Exec(eraseEvents+"? AND contact_id IN ?", workspaceID, ids).Error; err != nil {
		return models.In("erase events", err)
	}
	if err := tx.Exec("DELETE FROM contact_tags WHERE workspace_id = ? AND contact_id IN ?", workspaceID, ids).Error; err != nil {
		return models.In("delete the contacts' tags", err)
	}
	if err := forgetNames(tx, workspaceID, contacts); err != nil {
		return models.In("delete the words of their names", err)
	}
	if err := tx.Exec("DELETE FROM contacts WHERE workspace_id = ? AND id IN ?", workspaceID, ids).Error; err != nil {
		return models.In("delete the contacts", err)
	}
	if err := forget(tx, workspaceID, keys, at); err != nil {
		return models.In("search files later", err)
	}
	return models.In("mark", MarkContacts(tx, workspaceID, userID, ids, models.Instant(at)))
}

// ReserveContactIDsSQL takes n ids of the workspace $1 and returns the id after the last of them; $2 is n+1, $3 is n.
const ReserveContactIDsSQL = `INSERT INTO workspace_counters (workspace_id, next_contact_id) VALUES ($1, $2)
	ON CONFLICT (workspace_id) DO UPDATE SET next_contact_id = workspace_counters.next_contact_id + $3 RETURNING next_contact_id`

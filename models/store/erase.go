package store

import (
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// These statements erase one person. The transaction holds the address lock. $1 is the workspace. What happened, when,
// and through which webhook is kept (CONTRACT "What each type does").
const (
	eraseRequests = `UPDATE webhook_requests SET who = NULL, address = NULL, client_address = NULL, user_agent = NULL, body = NULL WHERE workspace_id = `
	// EraseRequestsSQL clears the person's data from the request log; $2 is models.AddressKey, $3 the address.
	EraseRequestsSQL = eraseRequests + `$1 AND who = $2 AND address = $3`
	// EraseRequestSQL does it for the call $2.
	EraseRequestSQL = eraseRequests + `$1 AND id = $2`
	// EraseFormerRequestsSQL does it for an address $3 with the key $2 that an erased contact had until the id $4: for the calls before
	// then, and for all calls if no contact has the address. Call it after DeleteContactSQL.
	EraseFormerRequestsSQL = eraseRequests + `$1 AND who = $2 AND address = $3
		AND (id < $4 OR NOT EXISTS (SELECT 1 FROM contacts WHERE workspace_id = $1 AND email = $3))`
	// FormerAddressesSQL lists the former addresses of the contact $2: address, changed_at. DeleteFormerSQL deletes them.
	FormerAddressesSQL = `SELECT address, changed_at FROM former_addresses WHERE workspace_id = $1 AND contact_id = $2`
	DeleteFormerSQL    = `DELETE FROM former_addresses WHERE workspace_id = $1 AND contact_id = $2`
	// DeleteEditsSQL deletes the values of edits of the contact $2.
	DeleteEditsSQL = `DELETE FROM contact_edits WHERE workspace_id = $1 AND contact_id = $2`
	// DeleteContactTagsSQL takes the tags off the contact $2. No foreign key does it: call it before DeleteContactSQL.
	DeleteContactTagsSQL = `DELETE FROM contact_tags WHERE workspace_id = $1 AND contact_id = $2`
	// DeleteContactSQL deletes the contact $2.
	DeleteContactSQL = `DELETE FROM contacts WHERE workspace_id = $1 AND id = $2`
)

// NoteErasureSQL notes when the person $2 (models.AddressKey) of the workspace $1 was erased, $3.
const NoteErasureSQL = `INSERT INTO erasures (workspace_id, who, at) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, who) DO UPDATE SET at = excluded.at`

// EraseContact does EraseContacts for one contact.
func EraseContact(tx *gorm.DB, c models.Contact, userID int64, at time.Time) error {
	return EraseContacts(tx, c.WorkspaceID, userID, nil, []models.Contact{c}, at)
}

// EraseContacts erases contacts of one workspace, at most as many as one transaction may lock: their rows, and their data in the log and
// the events, also under the addresses that they had before. It starts a search of the workspace's files for them, and marks them so that
// they leave their segments. The caller takes the locks of their addresses before it reads the contacts, which need their status and fields.
func EraseContacts(tx *gorm.DB, workspaceID, userID int64, job *int64, contacts []models.Contact, at time.Time) error {
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
	for _, e := range OutgoingErasures {
		if err := tx.Exec(e.many(), map[string]any{"ws": workspaceID, "ids": ids, "at": models.Instant(at)}).Error; err != nil {
			return models.In("erase what automations keep", err)
		}
	}
	if err := forgetNames(tx, workspaceID, contacts); err != nil {
		return err
	}
	diff := models.ContactCounts{}
	for _, c := range contacts {
		diff.Add(string(c.Status), -1)
	}
	if err := countUntagged(tx, diff, workspaceID, ids); err != nil {
		return models.In("delete the contacts' tags", err)
	}
	if err := CountContacts(tx, workspaceID, diff); err != nil {
		return models.In("count", err)
	}
	if err := tx.Exec("DELETE FROM contact_edits WHERE workspace_id = ? AND contact_id IN ?", workspaceID, ids).Error; err != nil {
		return models.In("delete values of edits", err)
	}
	if err := tx.Exec("DELETE FROM contacts WHERE workspace_id = ? AND id IN ?", workspaceID, ids).Error; err != nil {
		return models.In("delete the contacts", err)
	}
	former, err := eraseFormer(tx, workspaceID, ids)
	if err != nil {
		return models.In("erase former addresses", err)
	}
	keys = append(keys, former...)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	erasures := make([]models.Erasure, len(keys))
	for i, who := range keys {
		erasures[i] = models.Erasure{WorkspaceID: workspaceID, Who: who, At: models.Instant(at)}
	}
	if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "workspace_id"}, {Name: "who"}}, DoUpdates: clause.AssignmentColumns([]string{"at"})}).Create(&erasures).Error; err != nil {
		return models.In("note the erasures", err)
	}
	if err := forget(tx, workspaceID, keys, at); err != nil {
		return models.In("search files later", err)
	}
	if err := fireErased(tx, workspaceID, job, contacts, models.Instant(at)); err != nil {
		return models.In("events for automations", err)
	}
	return models.In("mark", markContacts(tx, models.DirtyContact{WorkspaceID: workspaceID, JobID: job, At: models.Instant(at)}, userID, ids))
}

// eraseFormer erases the calls for former addresses of contacts that tx has deleted, and those addresses. It returns their keys.
func eraseFormer(tx *gorm.DB, workspaceID int64, ids []int64) (keys []int64, err error) {
	all, err := formerAddresses(tx, workspaceID, ids)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	for _, f := range all {
		keys = append(keys, f.AddressKey())
		if err := tx.Exec(EraseFormerRequestsSQL, f.WorkspaceID, f.AddressKey(), f.Address, f.Until()).Error; err != nil {
			return nil, err
		}
	}
	return keys, tx.Where("workspace_id = ? AND contact_id IN ?", workspaceID, ids).Delete(&FormerAddress{}).Error
}

// ReserveContactIDsSQL takes n ids of the workspace $1 and returns the id after the last of them; $2 is n+1, $3 is n.
const ReserveContactIDsSQL = `INSERT INTO workspace_counters (workspace_id, next_contact_id) VALUES ($1, $2)
	ON CONFLICT (workspace_id) DO UPDATE SET next_contact_id = workspace_counters.next_contact_id + $3 RETURNING next_contact_id`

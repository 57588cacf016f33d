package models

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// AuditEntry is one change that a person made in the admin.
type AuditEntry struct {
	WorkspaceID int64     `gorm:"primaryKey"`
	ID          uuid.UUID `gorm:"primaryKey"` // UUIDv7: its time is At
	UserID      int64
	Action      string // such as "contact.updated"
	Subject     string // what was changed: "contact"
	SubjectID   int64
	Detail      string // JSON; what is in it depends on the action
	At          time.Time
}

// TableName is read by GORM.
func (AuditEntry) TableName() string { return "audit_log" }

// What a person can do to a contact by hand.
const (
	SubjectContact       = "contact"
	ActionContactCreated = "contact.created"
	ActionContactUpdated = "contact.updated"
	ActionContactDeleted = "contact.deleted"
)

// ContactChange is the detail of a change of a contact. It names fields and tags, and holds no values: the log outlives
// the person.
type ContactChange struct {
	Fields       []string `json:"fields,omitempty"` // keys of merge tags
	StatusBefore Status   `json:"status_before,omitempty"`
	StatusAfter  Status   `json:"status_after,omitempty"`
	TagsAdded    []string `json:"tags_added,omitempty"`
	TagsRemoved  []string `json:"tags_removed,omitempty"`
	Version      int64    `json:"version"` // of the contact afterwards
}

// Nothing says whether the change changes nothing.
func (c ContactChange) Nothing() bool {
	return len(c.Fields) == 0 && c.StatusBefore == c.StatusAfter && len(c.TagsAdded) == 0 && len(c.TagsRemoved) == 0
}

// ContactChange reads the detail of an entry about a contact.
func (e AuditEntry) ContactChange() ContactChange {
	var c ContactChange
	_ = json.Unmarshal([]byte(e.Detail), &c) // written by auditContact; what cannot be read names nothing
	return c
}

// auditContact notes what a person did to a contact, in the transaction that does it.
func auditContact(tx *gorm.DB, userID int64, action string, workspaceID, contactID int64, change ContactChange, now time.Time) error {
	detail, err := json.Marshal(change)
	if err != nil {
		return err
	}
	return tx.Create(&AuditEntry{
		WorkspaceID: workspaceID, ID: NewID(now), UserID: userID, Action: action,
		Subject: SubjectContact, SubjectID: contactID, Detail: string(detail), At: now,
	}).Error
}

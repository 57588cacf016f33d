package models

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// AuditEntry is one thing that a person did in the admin.
type AuditEntry struct {
	WorkspaceID int64     `gorm:"primaryKey"`
	ID          uuid.UUID `gorm:"primaryKey"` // UUIDv7: its time is At
	UserID      int64     // 0 is the command line
	Action      string    // such as "contact.updated"
	Subject     string    // what was changed: one of the Subject constants
	SubjectID   int64
	SubjectName string // as it was called then; "" for contacts
	Detail      string // JSON: a ContactChange for contacts, else []AuditChange
	At          time.Time
}

// TableName is read by GORM.
func (AuditEntry) TableName() string { return "audit_log" }

// What a person can do something to.
const (
	SubjectContact   = "contact"
	SubjectOneOfMany = "one_of_many" // a contact that a job changed: for the contact's history, the log has one entry for the whole job
	SubjectContacts  = "contacts"    // several; its name says which in words that name nobody
	SubjectWorkspace = "workspace"
	SubjectMember    = "member"
	SubjectWebhook   = "webhook"
	SubjectTag       = "tag"
	SubjectMergeTag  = "merge_tag"
	SubjectSegment   = "segment"
	SubjectRequest   = "request"
	SubjectImport    = "import" // its id is that of the job, its name that of the file
)

// ContactSubjects are the subjects that speak of one contact.
var ContactSubjects = []string{SubjectContact, SubjectOneOfMany}

// What a person can do, each the subject and what was done to it.
const (
	ActionContactCreated  = "contact.created"
	ActionContactUpdated  = "contact.updated"
	ActionContactDeleted  = "contact.deleted"
	ActionContactImported = "contact.imported" // created or changed by a line of a file

	ActionContactExported  = "contact.exported"  // everything about one person
	ActionContactsExported = "contacts.exported" // a list as a file
	ActionContactsBulk     = "contacts.bulk"     // one change of many contacts; the entry of the whole
	ActionContactBulk      = "contact.bulk"      // the same, at each contact that it changed: for the contact's history

	ActionContactLost = "contact.lost" // a tag or a value, because the tag or merge tag was deleted: for the contact's history

	ActionWorkspaceCreated = "workspace.created"
	ActionWorkspaceUpdated = "workspace.updated"
	ActionWorkspaceDeleted = "workspace.deleted"

	ActionMemberInvited       = "member.invited"
	ActionMemberJoined        = "member.joined" // by the person's own doing
	ActionMemberAdded         = "member.added"  // by the command line
	ActionMemberRoleChanged   = "member.role_changed"
	ActionMemberRemoved       = "member.removed"
	ActionMemberLeft          = "member.left"
	ActionInvitationRenewed   = "invitation.renewed"   // by earlier versions: of a person with an account
	ActionInvitationLinked    = "invitation.linked"    // it has a new link
	ActionInvitationCancelled = "invitation.cancelled" // or declined, by the person it was for

	ActionWebhookCreated  = "webhook.created"
	ActionWebhookUpdated  = "webhook.updated"
	ActionWebhookEnabled  = "webhook.enabled"
	ActionWebhookDisabled = "webhook.disabled"
	ActionWebhookRotated  = "webhook.rotated" // it has a new address
	ActionWebhookDeleted  = "webhook.deleted"

	ActionTagCreated = "tag.created"
	ActionTagUpdated = "tag.updated"
	ActionTagDeleted = "tag.deleted"

	ActionMergeTagCreated = "merge_tag.created"
	ActionMergeTagUpdated = "merge_tag.updated"
	ActionMergeTagDeleted = "merge_tag.deleted"

	ActionSegmentCreated = "segment.created"
	ActionSegmentUpdated = "segment.updated"
	ActionSegmentDeleted = "segment.deleted"

	ActionImportStarted = "import.started"
	ActionImportDone    = "import.done"
)

// AuditChange is one property of a subject that is no contact, before and after. A secret, such as a webhook's address,
// stands there as words, never as itself.
type AuditChange struct {
	What   string `json:"what"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Changes reads the detail of an entry that is not about a contact.
func (e AuditEntry) Changes() (all []AuditChange) {
	_ = json.Unmarshal([]byte(e.Detail), &all) // written by Audit
	return all
}

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

// Nothing reports whether the change changes nothing.
func (c ContactChange) Nothing() bool {
	return len(c.Fields) == 0 && c.StatusBefore == c.StatusAfter && len(c.TagsAdded) == 0 && len(c.TagsRemoved) == 0
}

// ContactChange reads the detail of an entry about a contact.
func (e AuditEntry) ContactChange() ContactChange {
	var c ContactChange
	_ = json.Unmarshal([]byte(e.Detail), &c) // written by auditContact; what cannot be read names nothing
	return c
}

// ActionRequestRevealed is what support staff do when they unmask a call.
const ActionRequestRevealed = "request.revealed"

// How long the reason for a reveal may be, in characters.
const (
	MinRevealReason = 3
	MaxRevealReason = 200
)

// ValidateRevealReason returns what is wrong with the reason for a reveal, as one sentence, or "".
func ValidateRevealReason(reason string) string {
	switch n := CountCharacters(reason); {
	case n < MinRevealReason:
		return "Please say why you need to see it; three characters are the least."
	case n > MaxRevealReason:
		return "Please make the reason 200 characters or shorter. It has " + strconv.Itoa(n) + "."
	}
	return ""
}

package models

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// AuditEntry is one action of a person in the admin.
type AuditEntry struct {
	WorkspaceID int64     `gorm:"primaryKey"`
	ID          uuid.UUID `gorm:"primaryKey"` // UUIDv7: its time is At
	UserID      int64     // 0 is the command line
	Action      string    // such as "contact.updated"
	Subject     string    // what was changed: one of the Subject constants
	SubjectID   int64
	SubjectName string // its name at that time; "" for contacts
	Detail      string // JSON: a ContactChange for contacts, else []AuditChange
	At          time.Time
}

func (AuditEntry) TableName() string { return "audit_log" }

// The subjects of a person's actions.
const (
	SubjectContact    = "contact"
	SubjectOneOfMany  = "one_of_many" // a contact that a job changed: only for the contact's history, the log has one entry for the whole job
	SubjectContacts   = "contacts"    // several; its name describes them without naming anyone
	SubjectWorkspace  = "workspace"
	SubjectMember     = "member"
	SubjectWebhook    = "webhook"
	SubjectTag        = "tag"
	SubjectMergeTag   = "merge_tag"
	SubjectSegment    = "segment"
	SubjectRequest    = "request"
	SubjectRequests   = "requests" // several; its name describes them
	SubjectAutomation = "automation"
	SubjectImport     = "import" // its id is the job's, its name the file's
)

// ContactSubjects are the subjects about one contact.
var ContactSubjects = []string{SubjectContact, SubjectOneOfMany}

// The actions of a person, each written as subject and verb.
const (
	ActionContactCreated  = "contact.created"
	ActionContactUpdated  = "contact.updated"
	ActionContactDeleted  = "contact.deleted"
	ActionContactImported = "contact.imported" // created or changed by a line of a file

	ActionContactAutomated = "contact.automated" // changed by a run of an automation

	ActionContactExported   = "contact.exported"           // everything about one person
	ActionContactsExported  = "contacts.exported"          // a list as a file
	ActionFailuresDismissed = "webhook.failures_dismissed" // a group of failed calls was put aside
	ActionFailuresReturned  = "webhook.failures_returned"  // and brought back
	ActionRequestsReplayed  = "requests.replayed"          // done once more
	ActionRequestsExported  = "requests.exported"          // likewise, of calls
	ActionContactsBulk      = "contacts.bulk"              // one change of many contacts; the entry for the whole job
	ActionContactBulk       = "contact.bulk"               // the same, for the history of each changed contact

	ActionContactLost = "contact.lost" // a tag or a value, because the tag or merge tag was deleted: for the contact's history

	ActionWorkspaceCreated = "workspace.created"
	ActionWorkspaceUpdated = "workspace.updated"
	ActionWorkspaceDeleted = "workspace.deleted"

	ActionMemberInvited       = "member.invited"
	ActionMemberJoined        = "member.joined" // the person accepted the invitation
	ActionMemberAdded         = "member.added"  // by the command line
	ActionMemberRoleChanged   = "member.role_changed"
	ActionMemberRemoved       = "member.removed"
	ActionMemberLeft          = "member.left"
	ActionInvitationRenewed   = "invitation.renewed"   // by earlier versions: for a person with an account
	ActionInvitationLinked    = "invitation.linked"    // it has a new link
	ActionInvitationCancelled = "invitation.cancelled" // or declined, by the person it was for

	ActionWebhookCreated  = "webhook.created"
	ActionWebhookUpdated  = "webhook.updated"
	ActionWebhookEnabled  = "webhook.enabled"
	ActionWebhookDisabled = "webhook.disabled"
	ActionWebhookRotated  = "webhook.rotated" // it has a new URL
	ActionWebhookReading  = "webhook.reading" // how it reads its calls
	ActionWebhookSecret   = "webhook.secret"  // a secret that checks signatures was added or removed
	ActionWebhookFields   = "webhook.fields"  // a field of its calls is fine to ignore, or is not any more
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

	ActionAutomationCreated  = "automation.created"
	ActionAutomationUpdated  = "automation.updated"
	ActionAutomationEnabled  = "automation.enabled"
	ActionAutomationDisabled = "automation.disabled"
	ActionAutomationDeleted  = "automation.deleted"
	ActionRunStopped         = "automation.run_stopped" // by a person
	ActionRunRetried         = "automation.run_retried" // failed runs go on, one or many

	ActionImportStarted = "import.started"
	ActionImportDone    = "import.done"
	ActionImportUndone  = "import.undone" // its taking back was started
)

// AuditChange is one property of a subject other than a contact, before and after. It describes a secret, such as a
// webhook's URL, in words and never contains it.
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

// ContactChange is the detail of a change of a contact. It names fields and tags and contains no values, because the
// log outlives the person.
type ContactChange struct {
	Address      bool     `json:"address,omitempty"` // it is another one
	Fields       []string `json:"fields,omitempty"`  // keys of merge tags
	StatusBefore Status   `json:"status_before,omitempty"`
	StatusAfter  Status   `json:"status_after,omitempty"`
	TagsAdded    []string `json:"tags_added,omitempty"`
	TagsRemoved  []string `json:"tags_removed,omitempty"`
	Version      int64    `json:"version"`              // of the contact after the change
	Import       int64    `json:"import,omitempty"`     // the id of the job that imported it, or whose change was taken back
	Job          int64    `json:"job,omitempty"`        // the JobFill that made it; 0 for other changes
	TakenBack    bool     `json:"taken_back,omitempty"` // that job took back what another one had filled in
	Automation   int64    `json:"automation,omitempty"`
	AutomationAs string   `json:"automation_as,omitempty"` // its name at that time
	Run          string   `json:"run,omitempty"`           // of the automation
}

// Nothing reports whether the change changes nothing.
func (c ContactChange) Nothing() bool {
	return !c.Address && len(c.Fields) == 0 && c.StatusBefore == c.StatusAfter && len(c.TagsAdded) == 0 && len(c.TagsRemoved) == 0
}

// EditValues are the values of an edit by hand, or of a change by an import. They are stored apart from the audit log, and erased with the person.
type EditValues struct {
	Address *EditedValue  `json:"address,omitempty"` // stored forms; nil if it stayed
	Fields  []EditedField `json:"fields,omitempty"`
}

// EditedValue is a value before and after an edit, "" for none.
type EditedValue struct {
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// EditedField is the value of a merge tag before and after an edit, in stored forms.
type EditedField struct {
	Key string `json:"key"`
	EditedValue
}

// Empty reports whether there is no value.
func (v EditValues) Empty() bool { return v.Address == nil && len(v.Fields) == 0 }

// Field returns a field's values and whether the edit has them.
func (v EditValues) Field(key string) (EditedValue, bool) {
	for _, f := range v.Fields {
		if f.Key == key {
			return f.EditedValue, true
		}
	}
	return EditedValue{}, false
}

// ContactChange reads the detail of an entry about a contact.
func (e AuditEntry) ContactChange() ContactChange {
	var c ContactChange
	_ = json.Unmarshal([]byte(e.Detail), &c) // written by auditContact; unreadable detail names nothing
	return c
}

// ActionRequestRevealed is the action of support staff who unmask a call.
const ActionRequestRevealed = "request.revealed"

// The length of the reason for a reveal, in characters.
const (
	MinRevealReason = 3
	MaxRevealReason = 200
)

// ValidateRevealReason returns one sentence about what is wrong with the reason for a reveal, or "".
func ValidateRevealReason(reason string) string {
	switch n := CountCharacters(reason); {
	case n < MinRevealReason:
		return "Please say why you need to see it, in at least three characters."
	case n > MaxRevealReason:
		return "Please make the reason 200 characters or shorter. It has " + strconv.Itoa(n) + "."
	}
	return ""
}

package models

// BulkAction names what a bulk change does to its contacts.
type BulkAction string

const (
	BulkAddTag    BulkAction = "tag"
	BulkRemoveTag BulkAction = "untag"
	BulkStatus    BulkAction = "status"
	BulkDelete    BulkAction = "delete"
)

// BulkActions lists every action.
var BulkActions = []BulkAction{BulkAddTag, BulkRemoveTag, BulkStatus, BulkDelete}

// Bulk is the spec of a JobBulk.
type Bulk struct {
	Action  BulkAction `json:"Deed"` // the key is older than the name of the field
	Tag     int64      `json:",omitempty"`
	TagName string     `json:",omitempty"` // the tag's name when the job started
	Status  Status     `json:",omitempty"`
	Which   string     // describes the contacts without naming anyone
}

// BulkResult is the result of a JobBulk so far.
type BulkResult struct {
	Changed, Unchanged int64
	Later              int64 // left alone because they changed after the person was asked
	Gone               int64 // deleted since, or no longer matching the filter
}

func (b Bulk) Words() string {
	switch b.Action {
	case BulkAddTag:
		return "add the tag " + b.TagName
	case BulkRemoveTag:
		return "take the tag " + b.TagName + " off"
	case BulkStatus:
		return "change the status to " + b.Status.Name()
	}
	return "delete for good"
}

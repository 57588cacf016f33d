package models

// BulkAction is what a bulk change does to its contacts.
type BulkAction string

// The actions.
const (
	BulkAddTag    BulkAction = "tag"
	BulkRemoveTag BulkAction = "untag"
	BulkStatus    BulkAction = "status"
	BulkDelete    BulkAction = "delete"
)

// Bulk is the spec of a JobBulk.
type Bulk struct {
	Action  BulkAction `json:"Deed"` // the key is older than the name of the field
	Tag     int64      `json:",omitempty"`
	TagName string     `json:",omitempty"` // as it was called when the work was asked for
	Status  Status     `json:",omitempty"`
	Which   string     // the contacts in words that name nobody
}

// BulkResult is what came of a JobBulk so far.
type BulkResult struct {
	Changed, Unchanged int64
	Gone               int64 // deleted since, or no longer among those that the filter means
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

package jobs

import (
	"strconv"
	"strings"

	"campaignlark/models"
)

// ImportSpec is the spec of an import: a file and what a person said about it.
type ImportSpec struct {
	File     string       `json:"file"` // its name
	Size     int64        `json:"size"` // in bytes
	Encoding TextEncoding `json:"encoding"`
	Comma    rune         `json:"comma"`  // what stands between cells: one of Commas
	Header   bool         `json:"header"` // the first row names the columns
	Columns  []Column     `json:"columns"`

	Status      models.Status `json:"status"`      // of new contacts without one in the file
	Resubscribe bool          `json:"resubscribe"` // contacts that are UNSUBSCRIBED get their status from the file, or this one
	Tags        []int64       `json:"tags"`        // that every contact of the file gets
	NewTags     []string      `json:"new_tags"`    // names of further such tags, which are made when the import starts
}

// Column is one column of the file and where it goes.
type Column struct {
	Name string `json:"name"`          // in the first row; "" without one
	To   string `json:"to"`            // one of the Column constants, or what FieldColumn gives
	Key  string `json:"key,omitempty"` // of the merge tag to be made, for ColumnNew
}

// What a column of a file can be, beside a merge tag.
const (
	ColumnNone   = ""
	ColumnEmail  = "email"
	ColumnStatus = "status"
	ColumnTags   = "tags"
	ColumnNew    = "new" // a merge tag of type text that is made when the import starts
	fieldPrefix  = "field:"
)

// FieldColumn is Column.To of a merge tag.
func FieldColumn(id int64) string { return fieldPrefix + strconv.FormatInt(id, 10) }

// MergeTag is the id of the merge tag that a column goes to, 0 for none.
func (c Column) MergeTag() int64 {
	text, found := strings.CutPrefix(c.To, fieldPrefix)
	if !found {
		return 0
	}
	id, _ := strconv.ParseInt(text, 10, 64)
	return id
}

// statusOf is the status that a line gives to a contact. given is the one of the line, "" for none; now is the one the
// contact has, "" for a new one. A contact that is there keeps its status when the line names none, and one that is
// unsubscribed keeps it whatever the line says, unless Resubscribe is set.
func (s ImportSpec) statusOf(given, now models.Status) models.Status {
	switch {
	case now == models.StatusUnsubscribed && !s.Resubscribe, now != "" && now != models.StatusUnsubscribed && given == "":
		return now
	case given == "":
		return s.Status
	}
	return given
}

// ImportPhase says how far an import is.
type ImportPhase string

// The phases of an import, in their order.
const (
	ImportUploading ImportPhase = ""         // the file is being stored
	ImportMapping   ImportPhase = "mapping"  // waits for what the columns are
	ImportChecking  ImportPhase = "checking" // the dry run
	ImportChecked   ImportPhase = "checked"  // waits for the word to start
	ImportRunning   ImportPhase = "running"
)

// ImportCursor is the cursor of an import.
type ImportCursor struct {
	Phase ImportPhase `json:"phase"`
	Place
	Begun   bool  `json:"begun"`   // the row with the names is behind
	Cleared bool  `json:"cleared"` // what an earlier dry run left is gone
	Ended   bool  `json:"ended"`   // the dry run has read everything
	Refused int64 `json:"refused"` // parts of the file of refused lines
}

// ImportResult is what came of an import, or of its dry run, so far.
type ImportResult struct {
	Created   int64     `json:"created"`
	Updated   int64     `json:"updated"`
	Unchanged int64     `json:"unchanged"`
	Refused   int64     `json:"refused"` // lines
	Stayed    int64     `json:"stayed"`  // lines of contacts that are unsubscribed and stay so
	Noted     int64     `json:"noted"`   // cells of which something was not stored
	Refusals  []Problem `json:"refusals"`
	Notes     []Problem `json:"notes"`
	NewTags   []string  `json:"new_tags"` // that a dry run found
}

// Problem is one line that was refused, or one cell that was not stored.
type Problem struct {
	Line   int64  `json:"line"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
}

// MaxNewTags is how many tags one import makes at most.
const MaxNewTags = 100

const maxProblems = 100 // listed of each kind

// Lines is how many lines were read, blank ones aside.
func (r ImportResult) Lines() int64 { return r.Created + r.Updated + r.Unchanged + r.Refused }

func (r *ImportResult) refuse(line int64, reason string) {
	if r.Refused++; len(r.Refusals) < maxProblems {
		r.Refusals = append(r.Refusals, Problem{Line: line, Reason: reason})
	}
}

func (r *ImportResult) note(line int64, column, reason string) {
	if r.Noted++; len(r.Notes) < maxProblems {
		r.Notes = append(r.Notes, Problem{line, column, reason})
	}
}

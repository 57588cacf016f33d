package jobs

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/senders"
)

// ImportSpec is the spec of an import: a file and a person's choices for it.
type ImportSpec struct {
	File     string       `json:"file"` // its name
	Size     int64        `json:"size"` // in bytes
	Encoding TextEncoding `json:"encoding"`
	Comma    rune         `json:"comma"`  // the separator of cells: one of Commas
	Header   bool         `json:"header"` // the first row has column names
	Own      bool         `json:"own"`    // this program wrote the file: names of tags are in quotation marks where they need them
	Columns  []Column     `json:"columns"`

	Status      models.Status `json:"status"`      // for new contacts without a status in the file
	Resubscribe bool          `json:"resubscribe"` // unsubscribed contacts get the status of the file's column, or this one if it has no such column
	Tags        []int64       `json:"tags"`        // for every contact of the file
	NewTags     []string      `json:"new_tags"`    // names of more such tags, created when the import starts
	Made        []int64       `json:"made"`        // tags that were created when the import started, or whose names it found then

	Started time.Time `json:"started,omitzero"` // when the import itself began
	Undo    int64     `json:"undo,omitempty"`   // the job that takes it back
}

// Column is one column of the file and where it goes.
type Column struct {
	Name string `json:"name"`          // from the first row; "" if none
	To   string `json:"to"`            // one of the Column constants, or from FieldColumn or NewColumn
	Key  string `json:"key,omitempty"` // of the merge tag to create, for NewColumn
	// As says how dates and numbers are written: AsIs (ISO dates, decimal points), AsDMY, AsMDY, AsDecimalComma, or AsUnchosen. It counts only
	// if the column goes to a merge tag of a type that has it.
	As senders.As `json:"as,omitempty"`
}

// AsUnchosen is Column.As of dates that may be read in two ways: a person has to choose.
const AsUnchosen senders.As = "choose"

// DateReadings and NumberReadings are the possible Column.As of dates and of numbers, in the order of the menu.
var (
	DateReadings   = []senders.As{senders.AsDMY, senders.AsMDY, senders.AsIs}
	NumberReadings = []senders.As{senders.AsIs, senders.AsDecimalComma}
)

// ReadingsOf returns the possible Column.As for a type of merge tag, nil if there is only one.
func ReadingsOf(t models.MergeTagType) []senders.As {
	switch t {
	case models.MergeTagDate:
		return DateReadings
	case models.MergeTagNumber:
		return NumberReadings
	}
	return nil
}

// Targets of a column, besides a merge tag.
const (
	ColumnNone   = ""
	ColumnEmail  = "email"
	ColumnStatus = "status"
	ColumnTags   = "tags"
	ColumnNew    = "new" // a text merge tag that is created when the import starts; NewColumn has those of other types
	fieldPrefix  = "field:"
)

// NewColumn returns Column.To for a merge tag of a type that is created when the import starts.
func NewColumn(t models.MergeTagType) string {
	if t == models.MergeTagText {
		return ColumnNew
	}
	return ColumnNew + ":" + string(t)
}

// New returns the merge tag that is created for the column when the import starts; false if none is.
func (c Column) New() (tag models.MergeTag, isNew bool) {
	for _, t := range models.MergeTagTypes {
		if c.To == NewColumn(t) {
			return models.MergeTag{Key: c.Key, Label: c.Name, Type: t}, true
		}
	}
	return models.MergeTag{}, false
}

// FieldColumn returns Column.To for a merge tag.
func FieldColumn(id int64) string { return fieldPrefix + strconv.FormatInt(id, 10) }

// MergeTag returns the id of a column's merge tag, 0 for none.
func (c Column) MergeTag() int64 {
	text, found := strings.CutPrefix(c.To, fieldPrefix)
	if !found {
		return 0
	}
	id, _ := strconv.ParseInt(text, 10, 64)
	return id
}

// statusOf returns the status that a line gives to a contact. given is the line's status, "" for none; now is the
// contact's, "" for a new one. An existing contact keeps its status if the line has none. An unsubscribed one always keeps it,
// unless Resubscribe is set; then it gets the line's status, or Status if the file has no column for it.
func (s ImportSpec) statusOf(given, now models.Status) models.Status {
	again := now == models.StatusUnsubscribed && s.Resubscribe
	says := given != "" || again && !slices.ContainsFunc(s.Columns, func(c Column) bool { return c.To == ColumnStatus })
	switch {
	case now != "" && !says, now == models.StatusUnsubscribed && !again:
		return now
	case given == "":
		return s.Status
	}
	return given
}

// ImportPhase is the phase of an import.
type ImportPhase string

// The phases of an import, in their order.
const (
	ImportUploading ImportPhase = ""         // the file is being stored
	ImportMapping   ImportPhase = "mapping"  // waits for the choice of columns
	ImportChecking  ImportPhase = "checking" // the dry run
	ImportChecked   ImportPhase = "checked"  // waits for the start
	ImportRunning   ImportPhase = "running"
)

// ImportCursor is the cursor of an import.
type ImportCursor struct {
	Phase ImportPhase `json:"phase"`
	Place
	Begun   bool  `json:"begun"`   // the row with the names is read
	Cleared bool  `json:"cleared"` // the data of an earlier dry run is deleted
	Ended   bool  `json:"ended"`   // the dry run has read everything
	Refused int64 `json:"refused"` // parts of the file of refused lines
}

// ImportResult is the result of an import, or of its dry run, so far.
type ImportResult struct {
	Created   int64     `json:"created"`
	Updated   int64     `json:"updated"`
	Unchanged int64     `json:"unchanged"`
	Refused   int64     `json:"refused"` // lines
	Stayed    int64     `json:"stayed"`  // lines of contacts that stay unsubscribed
	Noted     int64     `json:"noted"`   // cells that were not stored completely
	Doubted   int64     `json:"doubted"` // cells that were stored, and need a look
	Refusals  []Problem `json:"refusals"`
	Notes     []Problem `json:"notes"`
	Doubts    []Problem `json:"doubts"`
	NewTags   []string  `json:"new_tags"` // found by a dry run

	// Repeated counts the lines with an address that an earlier line has; Repeats are the first of them. The dry run finds them, and the import
	// takes them over.
	Repeated int64   `json:"repeated,omitempty"`
	Repeats  []int64 `json:"repeats,omitempty"`
}

// Problem is one line that was refused, or one cell that was not stored or needs a look.
type Problem struct {
	Line   int64  `json:"line"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
}

// MaxNewTags is the most tags that one import creates.
const MaxNewTags = 100

const (
	maxProblems = 100 // listed of each kind
	maxRepeats  = 20  // listed lines that repeat an address
)

// Lines is how many lines were read, without blank ones.
func (r ImportResult) Lines() int64 { return r.Created + r.Updated + r.Unchanged + r.Refused }

func (r *ImportResult) refuse(line int64, reason string) {
	if r.Refused++; len(r.Refusals) < maxProblems {
		r.Refusals = append(r.Refusals, Problem{Line: line, Reason: reason})
	}
}

func (r *ImportResult) repeat(line int64) {
	if r.Repeated++; len(r.Repeats) < maxRepeats {
		r.Repeats = append(r.Repeats, line)
	}
}

func (r *ImportResult) note(p Problem) {
	if r.Noted++; len(r.Notes) < maxProblems {
		r.Notes = append(r.Notes, p)
	}
}

func (r *ImportResult) doubt(p Problem) {
	if r.Doubted++; len(r.Doubts) < maxProblems {
		r.Doubts = append(r.Doubts, p)
	}
}

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
	Phase    ImportPhase  `json:"phase"`
	Encoding TextEncoding `json:"encoding"`
	Comma    string       `json:"comma"`  // what stands between cells: one of Commas
	Header   bool         `json:"header"` // the first row names the columns
	Columns  []Column     `json:"columns"`

	Status      models.Status `json:"status"`      // of new contacts without one in the file
	Resubscribe bool          `json:"resubscribe"` // contacts that are UNSUBSCRIBED get the status as well
	Tags        []int64       `json:"tags"`        // that every contact of the file gets
	NewTags     []string      `json:"new_tags"`    // names of such tags that are made when the import starts
}

// ImportPhase says how far an import is.
type ImportPhase string

// The phases of an import, in their order.
const (
	ImportUploading ImportPhase = "uploading" // the file is being stored
	ImportMapping   ImportPhase = "mapping"   // waits for what the columns are
	ImportChecking  ImportPhase = "checking"  // the dry run
	ImportChecked   ImportPhase = "checked"   // waits for the word to start
	ImportRunning   ImportPhase = "running"
)

// Column is one column of the file and where it goes.
type Column struct {
	Name string `json:"name"` // in the first row; "" without one
	To   string `json:"to"`   // "" for nowhere, "email", "status", "tags", "field:<id of a merge tag>", or "new" for a merge tag yet to be made
}

const (
	columnNew   = "new"
	fieldPrefix = "field:"
)

// fieldColumn is Column.To of a merge tag.
func fieldColumn(id int64) string { return fieldPrefix + strconv.FormatInt(id, 10) }

// mergeTag is the id of the merge tag that a column goes to, 0 for none.
func (c Column) mergeTag() int64 {
	text, found := strings.CutPrefix(c.To, fieldPrefix)
	if !found {
		return 0
	}
	id, _ := strconv.ParseInt(text, 10, 64)
	return id
}

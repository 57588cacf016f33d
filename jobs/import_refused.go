package jobs

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"

	"campaignlark/models"
	"campaignlark/models/store"
)

// refusedHead names the columns before those of the imported file.
var refusedHead = []string{"reason", "line"}

// keepRefused adds lines that were refused, only partly imported or need a look to the file that a person can download, correct and import
// again.
func (i *importing) keepRefused(entries []entry) error {
	var text bytes.Buffer
	old := i.spec.oldReasons()
	w := csv.NewWriter(&text)
	w.UseCRLF = true
	if i.spec.Comma != 0 {
		w.Comma = i.spec.Comma
	}
	for _, e := range entries {
		trouble := e.trouble()
		if trouble == "" || i.dry {
			continue
		}
		if i.cursor.Refused == 0 && text.Len() == 0 {
			text.WriteString("\ufeff") // without it spreadsheets assume another encoding
			w.Write(append(slices.Clone(refusedHead), i.spec.names()[old:]...))
		}
		row := []string{models.Defuse(trouble), strconv.FormatInt(e.line, 10)}
		for n := range e.row.Cells {
			if unread := e.row.Fault != "" && len(e.row.Cells) == 1; n >= old || unread {
				row = append(row, models.Defuse(cellText(e.row, n)))
			}
		}
		w.Write(row)
		w.Flush()
	}
	var err error
	i.cursor.Refused, err = store.AddJobFile(i.tx, *i.job, store.JobFileRefused, i.cursor.Refused, text.Bytes())
	return err
}

// oldReasons returns how many of the first columns are those of a file of refused lines that is imported again. New reasons and line
// numbers replace them, unless a person imports them.
func (s ImportSpec) oldReasons() int {
	n := 0
	for begins := len(refusedHead); len(s.Columns) >= n+begins; n += begins {
		for at, name := range refusedHead {
			if c := s.Columns[n+at]; c.Name != name || c.To != ColumnNone {
				return n
			}
		}
	}
	return n
}

// names returns the names of the columns, or their numbers.
func (s ImportSpec) names() []string {
	var names []string
	for n, c := range s.Columns {
		names = append(names, models.Defuse(c.label(n)))
	}
	return names
}

// label returns the label of the column n, from 0, which may be behind the last one.
func (s ImportSpec) label(n int) string {
	if n >= len(s.Columns) {
		return Column{}.label(n)
	}
	return s.Columns[n].label(n)
}

// label returns the column's name, or its number from 1 if it has none; n counts from 0.
func (c Column) label(n int) string {
	if c.Name == "" {
		return "column " + strconv.Itoa(n+1)
	}
	return c.Name
}

package jobs

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"

	"campaignlark/models"
	"campaignlark/models/store"
)

// refusedHead names the columns that come before those of the imported file.
var refusedHead = []string{"reason", "line"}

// keepRefused adds the lines that were refused, or not taken over whole, to the file that a person can fetch, correct and import again.
func (i *importing) keepRefused(entries []entry) error {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	w.UseCRLF = true
	for _, e := range entries {
		trouble := e.trouble()
		if trouble == "" || i.dry {
			continue
		}
		if i.cursor.Refused == 0 && text.Len() == 0 {
			text.WriteString("\ufeff") // or spreadsheets take it for another encoding
			w.Write(append(slices.Clone(refusedHead), i.spec.names()...))
		}
		row := []string{models.Defuse(trouble), strconv.FormatInt(e.line, 10)}
		for _, cell := range e.cells {
			row = append(row, models.Defuse(models.Undefuse(cell)))
		}
		w.Write(row)
		w.Flush()
	}
	var err error
	i.cursor.Refused, err = store.AddJobFile(i.tx, *i.job, store.JobFileRefused, i.cursor.Refused, text.Bytes())
	return err
}

// names are the names of the columns, numbers where they have none.
func (s ImportSpec) names() []string {
	var names []string
	for n, c := range s.Columns {
		names = append(names, models.Defuse(c.label(n)))
	}
	return names
}

// label is the column's name, and its number, counted from 1, where it has none; n counts from 0.
func (c Column) label(n int) string {
	if c.Name == "" {
		return "column " + strconv.Itoa(n+1)
	}
	return c.Name
}

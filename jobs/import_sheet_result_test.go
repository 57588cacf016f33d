package jobs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"campaignlark/models"
)

// sheetContact is a contact as the sheets leave it.
type sheetContact struct {
	status  models.Status
	fields  map[string]string
	tags    []string
	version int
}

func (c sheetContact) line(email string) string {
	slices.Sort(c.tags)
	return fmt.Sprintf("%s %s %s %q v%d", email, c.status, strings.TrimPrefix(fmt.Sprintf("%q", c.fields), "map"), c.tags, c.version)
}

// sheetResult is what an import of a sheet must do.
type sheetResult struct {
	contacts                             map[string]*sheetContact
	created, updated, unchanged, refused int64
	wrong                                []int64  // refused lines
	notes, doubts                        []string // "line: column" of cells
}

// labels are those of the world's merge tags.
var sheetLabels = map[string]string{"first_name": "Given name", "orders": "Orders", "likes": "Likes", "country": "Country"}

// lines writes the contacts as the world does.
func (r *sheetResult) lines() (lines []string) {
	for _, email := range slices.Sorted(maps.Keys(r.contacts)) {
		lines = append(lines, r.contacts[email].line(email))
	}
	return lines
}

// imported returns what an import must do into a workspace without contacts of the sheet.
func (s *sheet) imported() *sheetResult {
	r := &sheetResult{contacts: map[string]*sheetContact{}}
	for _, l := range s.lines {
		blank := !slices.ContainsFunc(l.cells, func(c sheetCell) bool { return strings.TrimSpace(c.text) != "" })
		switch {
		case blank:
		case l.wrong:
			r.refused++
			r.wrong = append(r.wrong, l.number)
		default:
			s.importLine(r, l)
		}
	}
	slices.Sort(r.notes)
	slices.Sort(r.doubts)
	return r
}

func (s *sheet) importLine(r *sheetResult, l sheetLine) {
	old := r.contacts[l.address]
	c := &sheetContact{status: models.StatusSubscribed, fields: map[string]string{"country": "AT"}}
	if old != nil {
		c = old
	} else {
		r.contacts[l.address] = c
	}
	before := c.line("")
	doubts := s.importCells(r, l, c, old == nil)
	switch {
	case old == nil:
		r.created++
	case c.line("") == before:
		r.unchanged++
		return
	default:
		r.updated++
	}
	c.version++
	r.doubts = append(r.doubts, doubts...)
}

// importCells gives a contact what a line says and returns what needs a look.
func (s *sheet) importCells(r *sheetResult, l sheetLine, c *sheetContact, fresh bool) (doubts []string) {
	for n, cell := range l.cells[:min(len(l.cells), len(s.columns))] {
		to, name := s.columns[n].to, s.label(n)
		label := sheetLabels[to]
		if label == "" || strings.ContainsRune(cell.text, badText) {
			label = name
		}
		if cell.holds {
			doubts = append(doubts, fmt.Sprintf("%d: %s", l.number, name))
		}
		switch {
		case to == ColumnNone || to == ColumnEmail:
		case cell.fault:
			r.notes = append(r.notes, fmt.Sprintf("%d: %s", l.number, label))
		case cell.means == "":
		case to == ColumnStatus:
			if status := models.Status(cell.means); fresh || c.status != models.StatusUnsubscribed {
				c.status = status
			}
		case to == ColumnTags:
			for tag := range strings.SplitSeq(cell.means, "|") {
				if !slices.Contains(c.tags, tag) {
					c.tags = append(c.tags, tag)
				}
			}
		default:
			if cell.doubt && c.fields[to] != cell.means {
				doubts = append(doubts, fmt.Sprintf("%d: %s", l.number, label))
			}
			c.fields[to] = cell.means
		}
	}
	return doubts
}

// label is how an import calls a column.
func (s *sheet) label(n int) string {
	if !s.header || models.CleanName(s.columns[n].name) == "" {
		return fmt.Sprintf("column %d", n+1)
	}
	return models.CleanName(s.columns[n].name)
}

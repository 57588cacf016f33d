package jobs

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
)

// TestNobodyIsLostBehindAQuotationMark imports random tables in which some quotation marks are not closed. Each line whose own marks
// are closed must be imported, or be part of a row that the import reports.
func TestNobodyIsLostBehindAQuotationMark(t *testing.T) {
	t.Parallel()
	sheets := 200
	if testing.Short() {
		sheets = 60
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, lines, unended := newWorld(t, db), 0, 0
		for n := range sheets {
			s := drawSheet(rand.New(rand.NewPCG(uint64(n), 1)), fmt.Sprintf("s%d-", n), 1+n%25)
			lines, unended = lines+len(s.lines), unended+s.leaveOpen()
			file := s.file()
			job, err := ReceiveImport(t.Context(), db, w.workspace, 1, "contacts.csv", strings.NewReader(file), w.now)
			if store.ErrorCode(err) == models.CodeInvalid {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			job, _ = w.check(job, func(spec *ImportSpec) { w.mapSheet(s, job, spec, map[string]int{}) })
			_, result := w.start(job)
			for _, l := range s.notIn(w.contacts(s.prefix), s.rowsNamed(t, file, result)) {
				t.Errorf("sheet %d: %s of line %d is lost in %q", n, l.address, l.number, file)
			}
		}
		t.Logf("%d tables with %d lines, %d of them with a quotation mark that is not closed", sheets, lines, unended)
	})
}

// leaveOpen leaves a quotation mark open in some lines and returns in how many. The last cell of a later line may close it.
func (s *sheet) leaveOpen() (lines int) {
	for i := range s.lines {
		l := &s.lines[i]
		if i == 0 || l.address == "" || s.IntN(8) > 0 {
			continue
		}
		for n, c := range l.cells { // a rest of this line would be a line
			if strings.ContainsAny(c.text, "\r\n") {
				l.cells[n] = sheetCell{}
			}
		}
		l.unended, l.wrong = s.IntN(len(l.cells)), true
		lines++
		if later := i + 1 + s.IntN(5); later < len(s.lines) && s.lines[later].address != "" && s.column(ColumnEmail) < len(s.columns)-1 {
			s.closeIn(i, later)
		}
	}
	return lines
}

// closeIn leaves a quotation mark open in the last cell of a line, closes it in a later one, and takes all other quotation marks away
// between them: the row is valid, and the lines between are in its last cell.
func (s *sheet) closeIn(line, later int) {
	for n := line; n <= later; n++ {
		l := &s.lines[n]
		l.cells, l.unended = make([]sheetCell, len(s.columns)), -1
		l.cells[s.column(ColumnEmail)].text = l.address
	}
	last := len(s.columns) - 1
	s.lines[line].cells[last].text, s.lines[line].unended = "open", last
	s.lines[later].cells[last], s.lines[later].wrong = sheetCell{text: "x", closes: true}, true
}

// rowsNamed returns the lines of the file that stand in a row that the import names. A row that is imported, and only needs a look,
// names at most one line besides its own.
func (s *sheet) rowsNamed(t *testing.T, file string, result ImportResult) map[int64]bool {
	t.Helper()
	named, doubted, inside := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
	for _, p := range slices.Concat(result.Refusals, result.Notes) {
		named[p.Line] = true
	}
	for _, p := range result.Doubts {
		doubted[p.Line] = true
	}
	r := NewRowReader(strings.NewReader(file), s.text, s.comma, Place{})
	r.Columns, r.Email = len(s.columns), s.column(ColumnEmail)+1
	for {
		row, err := r.Next()
		if err == io.EOF {
			return inside
		} else if err != nil {
			t.Fatal(err)
		}
		last := max(row.Line, r.Place().Lines)
		people := 0
		for _, l := range s.lines {
			if l.number > row.Line && l.number <= last && l.address != "" && !l.wrong && len(l.cells) == len(s.columns) {
				people++
			}
		}
		for line := row.Line; line <= last; line++ {
			inside[line] = inside[line] || named[row.Line] || doubted[row.Line] && people < 2
		}
	}
}

// notIn returns the right lines whose addresses have no contact, and that are not named.
func (s *sheet) notIn(contacts []string, named map[int64]bool) (lost []sheetLine) {
	for _, l := range s.lines {
		there := slices.ContainsFunc(contacts, func(c string) bool { return strings.HasPrefix(c, l.address+" ") })
		if l.address != "" && !l.wrong && !there && !named[l.number] {
			lost = append(lost, l)
		}
	}
	return lost
}

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

// TestNobodyIsLostBehindAQuotationMark imports drawn tables with any texts in which quotation marks are not closed. Each line that has
// all of its own is imported, or stands in a row that the import names.
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

// leaveOpen leaves a quotation mark open in some lines and returns in how many.
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
	}
	return lines
}

// rowsNamed returns the lines of the file that stand in a row that the import names.
func (s *sheet) rowsNamed(t *testing.T, file string, result ImportResult) map[int64]bool {
	t.Helper()
	named, inside := map[int64]bool{}, map[int64]bool{}
	for _, p := range slices.Concat(result.Refusals, result.Notes, result.Doubts) {
		named[p.Line] = true
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
		for line := row.Line; line <= max(row.Line, r.Place().Lines); line++ {
			inside[line] = inside[line] || named[row.Line]
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

package jobs

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
)

// TestImportNeverLies imports drawn tables. What it counts, stores, refuses and notes is what the tables say; no cell is in
// another contact. The lines to correct, corrected and imported, leave what the corrected table would have left.
func TestImportNeverLies(t *testing.T) {
	t.Parallel()
	sheets := 200
	if testing.Short() {
		sheets = 60
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		if _, errs, err := db.ResolveTagNames(t.Context(), w.workspace, 1, []string{"vip", "late", "a, b"}, w.now); err != nil || errs.Any() {
			t.Fatal(err, errs)
		}
		guessed, lines, contacts := map[string]int{}, 0, 0
		for n := range sheets {
			random := rand.New(rand.NewPCG(uint64(n), 7))
			size := 1 + random.IntN(30)
			if random.IntN(20) == 0 {
				size = 200 + random.IntN(300) // several steps
			}
			s := drawSheet(random, fmt.Sprintf("s%d-", n), size)
			lines += size
			contacts += w.importSheet(s, guessed)
			if t.Failed() {
				t.Fatalf("sheet %d: %s, %q between cells, %q at line ends, header %v, calm %v", n, s.text, s.comma, s.end, s.header, s.calm)
			}
		}
		if got := len(w.contacts()); got != contacts {
			t.Errorf("got %d contacts, want %d", got, contacts)
		}
		t.Logf("%d tables with %d lines and %d contacts; guesses that a person had to correct: %v", sheets, lines, contacts, guessed)
	})
}

// importSheet imports a sheet and its corrected lines, and checks what they do. It counts guesses that were wrong, and returns how
// many contacts there are of the sheet.
func (w *world) importSheet(s *sheet, guessed map[string]int) int {
	w.t.Helper()
	file := s.file()
	job, err := ReceiveImport(w.t.Context(), w.db, w.workspace, 1, "contacts.csv", strings.NewReader(file), w.now)
	if store.ErrorCode(err) == models.CodeInvalid {
		guessed["no contacts, or not taken for a text file"]++
		if len(s.lines) > 5 && s.text != UTF8 {
			w.t.Errorf("%q: got %v", file, err)
		}
		return 0
	} else if err != nil {
		w.t.Fatal(err)
	}
	job, dry := w.check(job, func(spec *ImportSpec) { w.mapSheet(s, job, spec, guessed) })
	want := s.imported()
	job, got := w.start(job)
	w.compare(dry, got, want)
	same(w.t, "contacts", w.contacts(s.prefix), want.lines())
	if w.t.Failed() {
		w.t.Logf("the file: %q", file)
		return 0
	}
	return w.correct(s, job, want)
}

// mapSheet corrects the guesses about a file, as a person does, and counts them.
func (w *world) mapSheet(s *sheet, job models.Job, spec *ImportSpec, guessed map[string]int) {
	w.t.Helper()
	if spec.Encoding != s.text || spec.Comma != s.comma || spec.Header != s.header {
		guessed[fmt.Sprintf("encoding %v, comma %v, header %v", spec.Encoding != s.text, spec.Comma != s.comma, spec.Header != s.header)]++
		spec.Encoding, spec.Comma, spec.Header = s.text, s.comma, s.header
		rows, err := FirstRows(w.t.Context(), w.db, job, *spec)
		if err != nil {
			w.t.Fatal(err)
		}
		spec.Guess(rows, w.mergeTags())
	}
	for _, name := range w.mapColumns(s, spec, 0) {
		guessed["column "+name]++
	}
}

// mapColumns sets where the columns go, after those that come before the sheet's. It returns the names of those with another guess.
func (w *world) mapColumns(s *sheet, spec *ImportSpec, before int) (corrected []string) {
	w.t.Helper()
	if len(spec.Columns) != len(s.columns)+before {
		w.t.Fatalf("got %d columns, want %d", len(spec.Columns), len(s.columns)+before)
	}
	tags := w.mergeTags()
	for n, c := range s.columns {
		to := c.to
		if i := slices.IndexFunc(tags, func(m models.MergeTag) bool { return m.Key == c.to }); i >= 0 {
			to = FieldColumn(tags[i].ID)
		}
		if s.header && spec.Columns[n+before].To != to {
			corrected = append(corrected, c.name)
		}
		spec.Columns[n+before].To, spec.Columns[n+before].As = to, senders.AsIs
	}
	return corrected
}

func (w *world) mergeTags() []models.MergeTag {
	w.t.Helper()
	tags, err := w.db.MergeTags(w.t.Context(), w.workspace)
	if err != nil {
		w.t.Fatal(err)
	}
	return tags
}

// compare compares the results of a dry run and an import with what they must be.
func (w *world) compare(dry, got ImportResult, want *sheetResult) {
	w.t.Helper()
	dry.NewTags, got.NewTags = nil, nil
	if models.JobJSON(dry) != models.JobJSON(got) {
		w.t.Errorf("the dry run said %s, the import %s", models.JobJSON(dry), models.JobJSON(got))
	}
	if got.Created != want.created || got.Updated != want.updated || got.Unchanged != want.unchanged || got.Refused != want.refused {
		w.t.Errorf("got %d, %d, %d, %d lines that created, updated, changed nothing, were refused; want %d, %d, %d, %d",
			got.Created, got.Updated, got.Unchanged, got.Refused, want.created, want.updated, want.unchanged, want.refused)
	}
	if got.Noted != int64(len(want.notes)) || got.Doubted != int64(len(want.doubts)) {
		w.t.Errorf("got %d cells noted and %d doubted, want %d and %d", got.Noted, got.Doubted, len(want.notes), len(want.doubts))
	}
	var refused []string
	for _, n := range want.wrong[:min(len(want.wrong), maxProblems)] {
		refused = append(refused, fmt.Sprintf("%d: ", n))
	}
	same(w.t, "refused lines", places(got.Refusals), refused)
	if got.Noted <= maxProblems && got.Doubted <= maxProblems {
		same(w.t, "noted cells", places(got.Notes), want.notes)
		same(w.t, "doubted cells", places(got.Doubts), want.doubts)
	}
}

func places(all []Problem) (found []string) {
	for _, p := range all {
		found = append(found, fmt.Sprintf("%d: %s", p.Line, p.Column))
	}
	if len(all) > 0 && all[0].Column != "" {
		slices.Sort(found)
	}
	return found
}

// correct corrects the lines that an import refused or stored in part, imports them, and checks that the workspace is as if the
// sheet had been right from the beginning. It returns how many contacts there are.
func (w *world) correct(s *sheet, job models.Job, first *sheetResult) int {
	w.t.Helper()
	file := w.refusedFile(job)
	if file == "" {
		if len(first.wrong)+len(first.notes)+len(first.doubts) > 0 {
			w.t.Error("there is no file of lines to correct")
		}
		return len(first.contacts)
	}
	text, rows := s.corrected(w.t, file)
	if rows == 0 {
		return len(first.contacts)
	}
	job, _ = w.check(w.receive(text), func(spec *ImportSpec) { w.mapColumns(s, spec, 2) })
	if _, got := w.start(job); got.Refused+got.Noted != 0 || got.Lines() != rows {
		w.t.Errorf("got %s of the corrected lines, want all %d taken: %q", models.JobJSON(got), rows, text)
	}
	for i, l := range s.lines {
		if l.mended != nil {
			s.lines[i].cells, s.lines[i].wrong, s.lines[i].unended = l.mended, false, -1
		}
	}
	want := s.imported()
	version := func(lines []string) (all []string) {
		for _, line := range lines {
			all = append(all, line[:strings.LastIndex(line, " v")])
		}
		return all
	}
	same(w.t, "contacts after the correction", version(w.contacts(s.prefix)), version(want.lines()))
	if w.t.Failed() {
		w.t.Logf("the file of lines to correct: %q", file)
	}
	return len(want.contacts)
}

// corrected writes a file of lines to correct again with the right cells in the places of wrong ones. It leaves out lines that only
// need a look, and returns how many it wrote.
func (s *sheet) corrected(t *testing.T, file string) (text string, lines int64) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff")))
	r.Comma, r.FieldsPerRecord = s.comma, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	again := *s
	again.text, again.comma, again.end, again.mark = UTF8, []rune{',', ';'}[s.IntN(2)], "\r\n", s.IntN(2) == 0
	var out strings.Builder
	for n, row := range rows {
		if n > 0 {
			if row = s.correctRow(t, row); row == nil {
				continue
			}
			lines++
		}
		var cells []sheetCell
		for _, text := range row {
			cells = append(cells, sheetCell{text: text})
		}
		out.WriteString(again.row(cells, -1) + again.end)
	}
	return again.encode(out.String()), lines
}

// correctRow replaces the wrong cells of a row. It returns nil for one that only needs a look.
func (s *sheet) correctRow(t *testing.T, row []string) []string {
	t.Helper()
	i := slices.IndexFunc(s.lines, func(l sheetLine) bool { return fmt.Sprint(l.number) == row[1] })
	if i < 0 {
		t.Fatalf("there is no line %s", row[1])
	}
	l := s.lines[i]
	if l.mended == nil {
		return nil
	}
	if l.wrong && (l.unended >= 0 || len(l.cells) > len(s.columns)) {
		row = row[:2]
		for _, c := range l.mended {
			row = append(row, c.text)
		}
		return row
	}
	for n, c := range l.mended {
		if c != l.cells[n] {
			row[n+2] = c.text
		}
	}
	return row
}

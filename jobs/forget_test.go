package jobs

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"golang.org/x/text/encoding/unicode"
	"gorm.io/gorm"
)

// erase erases contacts, creates missing ones first, and works until nothing is left to forget.
func (w *world) erase(emails ...string) {
	w.t.Helper()
	for _, email := range emails {
		c, err := w.db.CreateContact(w.t.Context(), w.workspace, 1, email, models.ContactInput{Status: models.StatusSubscribed}, w.now)
		if err != nil && err != models.ErrContactExists {
			w.t.Fatal(err)
		}
		if err := w.db.DeleteContact(w.t.Context(), c, 1, w.now); err != nil {
			w.t.Fatal(err)
		}
	}
}

// forget works until nothing is left to forget; other jobs run too.
func (w *world) forget() {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	for {
		var left int64
		if err := w.db.Read(w.t.Context()).Model(&models.Job{}).Where("kind = ?", models.JobForget).Count(&left).Error; err != nil {
			w.t.Fatal(err)
		}
		if left == 0 {
			return
		}
		w.now = w.now.Add(time.Second)
		if _, err := w.runner.Turn(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) source(job models.Job) string {
	w.t.Helper()
	text, err := io.ReadAll(store.OpenJobFile(w.db.Read(w.t.Context()), w.workspace, job.ID, store.JobFileSource, 0))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w *world) reload(job models.Job) models.Job {
	w.t.Helper()
	job, err := w.db.Job(w.t.Context(), w.workspace, job.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return job
}

func TestForgetInAWaitingFile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		const file = "email,given name\r\nanna@example.com,\"A\r\nnna\"\r\nhanna@example.com,Hanna\r\n\"BÉRT@Bücher.example\",NULL\r\n=anna@example.com,x\r\nmail: anna@example.com,\"never\r\nlast@example.com,L"
		wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(file)
		if err != nil {
			t.Fatal(err)
		}
		plain, utf16 := w.receive("\ufeff"+file), w.receive(wide)
		checked, dry := w.check(w.receive(file), nil)
		w.erase("anna@example.com", "bÉrt@xn--bcher-kva.example")
		w.forget()
		blanks := func(s string) string { return strings.Repeat(" ", len(s)) }
		want := "email,given name\r\n" + blanks("anna@example.com,\"A") + "\r\n" + blanks("nna\"") + "\r\nhanna@example.com,Hanna\r\n" + blanks("\"BÉRT@Bücher.example\",NULL") +
			"\r\n" + blanks("=anna@example.com,x") + "\r\n" + blanks("mail: anna@example.com,\"never") + "\r\nlast@example.com,L"
		if got := w.source(plain); got != "\ufeff"+want {
			t.Errorf("got %q, want %q", got, want)
		}
		got, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().String(w.source(utf16))
		if err != nil || strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("got %q (%v), want the same in UTF-16", got, err)
		}
		if len(w.source(utf16)) != len(wide) {
			t.Error("the file in UTF-16 has another length")
		}
		if dry.Refused == 0 || dry.Doubted == 0 {
			t.Fatalf("got no refused line, or none that needs a look, in %+v", dry)
		}
		result := models.ReadJobJSON[ImportResult](w.reload(checked).Result)
		for _, p := range append(result.Refusals, result.Doubts...) {
			if p.Reason != "The person of this line was erased." {
				t.Errorf("the dry run still says %+v", p)
			}
		}
		w.start(w.reload(checked))
		same(t, "contacts", w.contacts(), []string{`hanna@example.com SUBSCRIBED ["country":"AT" "first_name":"Hanna"] [] v1`, `last@example.com SUBSCRIBED ["country":"AT" "first_name":"L"] [] v1`})
	})
}

// TestForgetDuringAnImport erases people while an import is in the middle of its file, before and after its current
// position, and in parts beyond the first.
func TestForgetDuringAnImport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var file strings.Builder
		file.WriteString("email,orders,given name\n")
		const n = 4000
		for i := range n {
			fmt.Fprintf(&file, "c%d@example.com,none,%s\n", i, strings.Repeat("x", 200)) // "none" is no number
		}
		job, _ := w.check(w.receive(file.String()), nil)
		if err := StartImport(t.Context(), db, job, 1, w.now); err != nil {
			t.Fatal(err)
		}
		inner, steps := w.runner.steps[models.JobImport], 0
		w.runner.steps[models.JobImport] = nil
		step := func() {
			claimed, err := db.ClaimJob(t.Context(), "test", lease, w.now)
			if err != nil {
				t.Fatal(err)
			}
			w.write(func(tx *gorm.DB) error {
				if err := inner(t.Context(), tx, &claimed, w.now); err != nil {
					return err
				}
				claimed.LeaseUntil = w.now
				return store.SaveJob(tx, claimed, w.now)
			})
			steps++
		}
		for range 5 {
			step()
		}
		gone := []string{"c3@example.com", "c900@example.com", "c1100@example.com", "c3999@example.com"}
		w.erase(gone...)
		step() // this step runs before anything is removed from the file
		w.runner.steps[models.JobImport] = inner
		w.forget()
		job, _ = w.finish(job)
		if job.State != models.JobDone || steps != 6 {
			t.Fatalf("got %+v after %d steps", job, steps)
		}
		contacts, refused := w.contacts(), w.refusedFile(job)
		if len(contacts) != n-len(gone) {
			t.Errorf("got %d contacts, want %d", len(contacts), n-len(gone))
		}
		for _, email := range gone {
			if slices.ContainsFunc(contacts, func(c string) bool { return strings.HasPrefix(c, email) }) || strings.Contains(refused, "\n"+email) || strings.Contains(refused, ","+email) {
				t.Errorf("%s is still there", email)
			}
		}
		if lines := strings.Count(refused, "\r\n"); lines != n-len(gone)+1 {
			t.Errorf("the file of lines to correct has %d lines, want %d", lines, n-len(gone)+1)
		}
		if there, err := store.HasJobFile(db.Read(t.Context()), w.workspace, job.ID, store.JobFileSource); there || err != nil {
			t.Errorf("the uploaded file is there: %v (%v)", there, err)
		}
		w.erase("c5@example.com") // in the first part of what is left
		w.forget()
		after := w.refusedFile(job)
		if strings.Contains(after, ",c5@example.com") || len(after) >= len(refused) || !strings.Contains(after, ",c6@example.com") {
			t.Error("a finished import still has the person")
		}
	})
}

// TestForgetALineTooLong ends an import whose file cannot be searched.
func TestForgetALineTooLong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		job := w.receive("email\nanna@example.com\n" + strings.Repeat("x ", 3<<20) + "\n")
		w.erase("anna@example.com")
		w.forget()
		if job = w.reload(job); job.State != models.JobFailed || !strings.Contains(job.Failure, "too long") || w.source(job) != "" {
			t.Errorf("got %s, %q, want it ended and its file gone", job.State, job.Failure)
		}
	})
}

// TestForgetTogether searches once for people who were erased together.
func TestForgetTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		marks := func() (n int64) {
			db.Read(t.Context()).Model(&models.Job{}).Where("kind = ?", models.JobForget).Count(&n)
			return n
		}
		w.erase("zoe@example.com")
		w.forget()
		job := w.receive("email\nanna@example.com\nbert@example.com\ncleo@example.com\n")
		w.erase("anna@example.com", "bert@example.com")
		if n := marks(); n != 2 {
			t.Errorf("got %d marks, want 2", n)
		}
		if jobs, err := db.Jobs(t.Context(), w.workspace); err != nil || len(jobs) != 1 {
			t.Errorf("got %+v (%v), want the import alone", jobs, err)
		}
		w.forget()
		if got := strings.Fields(w.source(job)); !slices.Equal(got, []string{"email", "cleo@example.com"}) {
			t.Errorf("got %q", got)
		}
	})
}

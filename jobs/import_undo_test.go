package jobs

import (
	"fmt"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// undo takes an import back and returns what that did.
func (w *world) undo(job models.Job) models.UndoResult {
	w.t.Helper()
	undo, started, err := StartUndoImport(w.t.Context(), w.db, job, 1, w.now)
	if err != nil || !started {
		w.t.Fatalf("got started %v, %v", started, err)
	}
	undo, _ = w.finish(undo)
	if undo.State != models.JobDone {
		w.t.Fatalf("got %+v", undo)
	}
	return models.ReadJobJSON[models.UndoResult](undo.Result)
}

// TestImportIsTakenBack takes an import of several steps back, in which some contacts have lines in two steps.
func TestImportIsTakenBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		before := "email,status,tags,first_name,likes\n" +
			"twice@x.test,,vip,Old,poems\nunsub@x.test,SUBSCRIBED,,Uma,\nback@x.test,UNSUBSCRIBED,,Bo,\nlater@x.test,,,Lea,\nsame@x.test,,,Sam,\n"
		w.start(first(w.check(w.receive(before), nil)))
		want := w.contacts()

		var file strings.Builder
		file.WriteString("email,status,tags,first_name,likes\ntwice@x.test,,new,First,\nnew@x.test,,vip,N,\nunsub@x.test,UNSUBSCRIBED,,,\nback@x.test,SUBSCRIBED,,,\nlater@x.test,,new,Changed,maps\nsame@x.test,,,Sam,\n")
		for n := range 450 {
			fmt.Fprintf(&file, "n%d@x.test,,,N%d,\n", n, n)
		}
		file.WriteString("twice@x.test,,,Second,\nnew@x.test,,,Again,\n")
		job, done := w.start(first(w.check(w.receive(file.String()), func(s *ImportSpec) { s.Resubscribe = true })))
		if done.Created != 451 || done.Updated != 6 || done.Unchanged != 1 {
			t.Fatalf("got %+v", done)
		}
		if all, untouched, err := db.CountImported(t.Context(), w.workspace, job.ID, *job.FinishedAt); all != 451 || untouched != 451 || err != nil {
			t.Errorf("got %d contacts, %d untouched (%v)", all, untouched, err)
		}
		w.edit("later@x.test", map[string]string{"first_name": "By hand"})
		w.edit("n7@x.test", map[string]string{"first_name": "Kept"})
		if !CanUndoImport(job, w.now) || CanUndoImport(job, w.now.Add(models.UndoTime)) {
			t.Error("an import can be taken back for a day")
		}
		got := w.undo(job)
		if got != (models.UndoResult{Removed: 450, Kept: 1, Back: 3, Later: 1, Unsubscribed: 1}) {
			t.Errorf("got %+v", got)
		}
		want[2] = `n7@x.test SUBSCRIBED ["country":"AT" "first_name":"Kept"] [] v2` + "\n" + want[2]
		text := strings.Join(want, "\n")
		text = strings.NewReplacer(`"Lea"`, `"By hand"`, "unsub@x.test SUBSCRIBED", "unsub@x.test UNSUBSCRIBED").Replace(text)
		same(t, "contacts after taking back", withoutVersions(w.contacts()), withoutVersions(strings.Split(text, "\n")))
		var err error
		if job, err = db.Job(t.Context(), w.workspace, job.ID); err != nil || CanUndoImport(job, w.now) {
			t.Errorf("got %v, want an import that cannot be taken back again", err)
		}
		if _, _, err := StartUndoImport(t.Context(), db, job, 1, w.now); store.ErrorCode(err) != models.CodeConflict {
			t.Errorf("got %v, want that it was taken back before", err)
		}
	})
}

// TestUndoOfAnImportLeavesWhatIsGone takes an import back after its merge tag, its tag and a contact were deleted.
func TestUndoOfAnImportLeavesWhatIsGone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.start(first(w.check(w.receive("email,first_name\nold@x.test,Old\n"), nil)))
		job, _ := w.start(first(w.check(w.receive("email,tags,first_name\nold@x.test,new,New\ngone@x.test,,Gone\n"), nil)))
		gone, err := db.ContactByEmail(t.Context(), w.workspace, "gone@x.test")
		if err == nil {
			err = db.DeleteContact(t.Context(), gone, 1, w.now)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range w.mergeTags() {
			if m.Key == "first_name" {
				if err := db.DeleteMergeTag(t.Context(), w.workspace, 1, m.ID, func(*gorm.DB) error { return nil }, w.now); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := w.undo(job); got != (models.UndoResult{Back: 1, Later: 1}) {
			t.Errorf("got %+v", got)
		}
		same(t, "contacts", withoutVersions(w.contacts()), []string{`old@x.test SUBSCRIBED ["country":"AT" "first_name":"New"] []`})
	})
}

// edit changes fields of a contact by hand.
func (w *world) edit(email string, fields map[string]string) {
	w.t.Helper()
	c, err := w.db.ContactByEmail(w.t.Context(), w.workspace, email)
	if err == nil {
		var tags []models.Tag
		if tags, err = w.db.ContactTags(w.t.Context(), w.workspace, c.ID); err == nil {
			_, err = w.db.UpdateContact(w.t.Context(), c, 1, c.Version, models.ContactInput{Status: c.Status, Fields: fields, Tags: tags}, w.now)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func withoutVersions(lines []string) (all []string) {
	for _, line := range lines {
		all = append(all, line[:strings.LastIndex(line, " v")])
	}
	return all
}

package automations_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestAFailedRunGoesOn deletes a tag under a run, which fails; it goes on when the automation is repaired, though its steps have moved.
func TestAFailedRunGoesOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		step := func(id int64, kind, rest string) string {
			return fmt.Sprintf(`{"id":%d,"type":"%s",%s}`, id, kind, rest)
		}
		field := step(1, "set_field", fmt.Sprintf(`"field_id":%d,"value":"Wien"`, w.city.ID))
		wait, call := step(2, "wait", `"minutes":60`), step(4, "call", fmt.Sprintf(`"destination_id":%d`, w.crm.ID))
		tag := func(name string) string { return step(3, "add_tag", fmt.Sprintf(`"tag_id":%d`, w.tags[name].ID)) }
		definition := func(steps ...string) string {
			return `{"triggers":[{"type":"contact_created"}],"steps":[` + strings.Join(steps, ",") + `]}`
		}
		a := w.automate("Welcome", definition(field, wait, tag("trial"), call))
		edit := func(steps ...string) {
			t.Helper()
			now, err := w.store.Get(t.Context(), w.ws.ID, a.ID)
			if err == nil {
				err = w.store.Update(t.Context(), now.Automation, 0, a.Name, w.parse(definition(steps...)))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"ada", "otto"} {
			w.call(models.TypeSubscribed, `{"email_address":"`+name+`@example.com"}`)
		}
		w.work()
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE tags SET deleted_at = ? WHERE id = ?", w.now(), w.tags["trial"].ID).Error
		})
		w.later(2 * time.Hour)
		w.work()
		failed := rowsOf[models.AutomationRun](w, "id")
		if failed[0].State != models.RunFailed || failed[0].Step != 3 {
			t.Fatalf("got %+v, want that it failed at step 3", failed[0])
		}
		refused := func(want string) {
			t.Helper()
			err := w.store.Retry(t.Context(), failed[0], 0)
			if store.ErrorCode(err) != models.CodeConflict || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			if n, no, why, err := w.store.RetryAll(t.Context(), a, 0); n != 0 || no != 2 || !strings.Contains(why, want) || err != nil {
				t.Errorf("got %d, %d, %q (%v), want two refused: %q", n, no, why, err, want)
			}
		}
		refused("It would fail again.")
		edit(field, wait, call)
		refused("does not have the step any more")
		edit(tag("customer"), call, wait) // the step stands before the ones that were done
		if err := w.store.Retry(t.Context(), failed[0], 0); err != nil {
			t.Fatal(err)
		}
		w.work()
		if n, no, _, err := w.store.RetryAll(t.Context(), a, 0); n != 1 || no != 0 || err != nil {
			t.Errorf("got %d, %d (%v), want that the other one goes on", n, no, err)
		}
		w.work()
		if err := w.store.Retry(t.Context(), failed[0], 0); store.ErrorCode(err) != models.CodeConflict {
			t.Errorf("got %v, want that a run goes on once", err)
		}
		for i, name := range []string{"ada", "otto"} {
			if got := w.tagged(name + "@example.com"); !slices.Equal(got, []string{"customer"}) {
				t.Errorf("%s: got the tags %v, want customer", name, got)
			}
			story, err := w.store.Run(t.Context(), w.ws.ID, failed[i].ID)
			if err != nil {
				t.Fatal(err)
			}
			var did []string
			for _, row := range story.Steps {
				of, known := story.StepOf(row)
				if !known {
					t.Errorf("step %d is not known", row.StepID)
				}
				did = append(did, string(of.Type)+" "+row.Result)
			}
			want := []string{" done", "set_field done", "wait done", "add_tag failed", "add_tag done", "call done", "wait waiting"}
			if !slices.Equal(did, want) || story.State != models.RunWaiting || story.Step != 3 {
				t.Errorf("got %v, %+v, want %v and that it waits", did, story.AutomationRun, want)
			}
		}
		for _, m := range w.sent() { // with what the contact has now, though the run failed before
			if m.Data.Contact.Fields["city"] != "Wien" || !slices.Equal(m.Data.Contact.Tags, []string{"customer"}) {
				t.Errorf("got %+v, want the contact as it is now", m.Data.Contact)
			}
		}
	})
}

// TestNothingComesBackWhenARunOfAnErasedPersonIsTriedAgain erases what a failed run says of a person while somebody tries it again.
func TestNothingComesBackWhenARunOfAnErasedPersonIsTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.automate("Welcome", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"set_field","field_id":%d,"value":"Wien"},{"type":"add_tag","tag_id":%d}]}`, w.city.ID, w.tags["trial"].ID))
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`)
		w.work()
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE automation_runs SET state = 'failed', step = 1 WHERE workspace_id = ?", w.ws.ID).Error
		})
		run := rowsOf[models.AutomationRun](w, "id")[0]
		var tried <-chan error
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := tx.Model(&models.RunStep{}).Where("workspace_id = ?", w.ws.ID).Update("body", nil).Error; err != nil {
				return err
			}
			tried = dbtest.UntilItWaits(t, db, func() error { return w.store.Retry(t.Context(), run, 0) })
			return nil
		})
		if err = errors.Join(err, <-tried); err != nil {
			t.Fatal(err)
		}
		for _, s := range rowsOf[models.RunStep](w, "number") {
			if s.Body != nil {
				t.Errorf("step %d says something of the person again", s.Number)
			}
		}
	})
}

package automations_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/automations"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// addRuns adds runs of an automation that began at an instant, all in one state at one step.
func (w *world) addRuns(a models.Automation, n int, began time.Time, state models.RunState, step int) {
	w.t.Helper()
	var runs []models.AutomationRun
	for range n {
		run := models.AutomationRun{WorkspaceID: w.ws.ID, ID: models.NewID(began), AutomationID: a.ID, Revision: a.Revision, EventID: models.NewID(began), ContactID: 1, ContactVersion: 1, State: state, Step: step, DueAt: began.Add(90 * 24 * time.Hour)}
		if !state.Open() {
			run.EndedAt = &began
		}
		runs = append(runs, run)
	}
	w.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&runs, 500).Error })
}

// TestFiguresAddUpAfterAnEdit edits an automation whose runs wait, ended and failed.
func TestFiguresAddUpAfterAnEdit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		only := fmt.Sprintf(`{"condition":"AND","filters":[{"type":"field","field_id":%d,"operator":"eq","value":"Wien"}]}`, w.city.ID)
		tagged := fmt.Sprintf(`{"type":"only_if","rule":{"condition":"AND","filters":[{"type":"tags","operator":"has_none","value":[%d]}]}}`, w.tags["customer"].ID)
		a := w.automate("Welcome", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"rule":%s,"steps":[{"type":"add_tag","tag_id":%d},%s,{"type":"wait","minutes":60}]}`, only, w.tags["trial"].ID, tagged))
		w.call(models.TypeSubscribed, `{"email_address":"graz@example.com","city":"Graz"}`)
		w.call(models.TypeSubscribed, `{"email_address":"wien@example.com","city":"Wien"}`)
		w.work()
		w.addRuns(a, 3, w.now().Add(-40*24*time.Hour), models.RunWaiting, 3) // older, but there
		w.addRuns(a, 5, w.now().Add(-40*24*time.Hour), models.RunDone, 4)
		edited := w.parse(fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"rule":%s,"steps":[{"id":3,"type":"wait","minutes":60},{"type":"call","destination_id":%d}]}`, only, w.crm.ID))
		if err := w.store.Update(t.Context(), a, 0, a.Name, edited); err != nil {
			t.Fatal(err)
		}
		now, err := w.store.Get(t.Context(), w.ws.ID, a.ID)
		if err != nil || now.Definition.Steps[1].ID != 4 {
			t.Fatalf("got %+v (%v), want a new id for the new step", now.Definition.Steps, err)
		}
		f, err := w.store.Flow(t.Context(), now.Automation)
		if err != nil {
			t.Fatal(err)
		}
		if f.Started != 5 || f.Start.Ended != 1 || f.Steps[3].Here != 4 || f.Steps[4].Came != 0 || f.Gone.Came != 4 || len(f.Earlier) != 1 || f.Earlier[0] != (automations.VersionRuns{Revision: 1, Runs: 4}) {
			t.Errorf("got %+v, want 5 runs: 1 ended at its start, 4 wait, all of version 1", f)
		}
		at := f.Steps[3].Places
		runs, err := w.store.Runs(t.Context(), w.ws.ID, automations.RunFilter{AutomationID: a.ID, State: models.RunWaiting, Places: at}, 2)
		if err != nil || len(runs) != 2 || runs[0].Email != "wien@example.com" {
			t.Errorf("got %+v (%v), want the newest two that wait", runs, err)
		}
	})
}

// TestPagesReadFewRuns lets each query of the pages about many runs stop after a number of them, and read no steps of runs. The list needs no
// query for each automation.
func TestPagesReadFewRuns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var a models.Automation
		for i := range 3 {
			a = w.automate(fmt.Sprint("Welcome ", i), fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"add_tag","tag_id":%d}]}`, w.tags["trial"].ID))
		}
		var seen []string
		note := func(tx *gorm.DB) { seen = append(seen, tx.Statement.SQL.String()) }
		c := db.Read(t.Context()).Callback()
		if err := errors.Join(c.Query().After("*").Register("note", note), c.Row().After("*").Register("note", note)); err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func() error{
			"the list": func() error {
				all, err := w.store.Definitions(t.Context(), w.ws.ID)
				return errors.Join(err, w.store.Count(t.Context(), all))
			},
			"the flow": func() error { _, err := w.store.Flow(t.Context(), a); return err },
			"the tabs": func() error { _, err := w.store.StateCounts(t.Context(), a); return err },
			"the runs": func() error {
				_, err := w.store.Runs(t.Context(), w.ws.ID, automations.RunFilter{AutomationID: a.ID, State: models.RunWaiting}, 50)
				return err
			},
		} {
			seen = nil
			if err := read(); err != nil || len(seen) == 0 || len(seen) > 2 {
				t.Fatalf("%s: got %d statements (%v), want one or two", name, len(seen), err)
			}
			for _, sql := range seen {
				if parts, limits := strings.Count(sql, "FROM automation_runs"), strings.Count(sql, "LIMIT"); limits < parts || strings.Contains(sql, "run_steps") {
					t.Errorf("%s: a query reads without a limit: %s", name, sql)
				}
			}
		}
	})
}

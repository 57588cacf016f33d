package automations_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// TestACallLeadsToADelivery is the whole line: a call, its event, a run with every step, a delivery with the contact as the steps before it left it.
func TestACallLeadsToADelivery(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.call(models.TypeSubscribed, `{"email_address":"early@example.com"}`) // before anything listens
		w.automate("Welcome", fmt.Sprintf(`{"triggers":[{"type":"contact_subscribed_confirmed","webhook_ids":[%d]}],
			"rule":{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]},"by_hand":false,
			"steps":[{"type":"add_tag","tag_id":%d},{"type":"set_field","field_id":%d,"value":"Wien"},{"type":"wait","minutes":5},
				{"type":"only_if","rule":{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":[%d]}]}},{"type":"call","destination_id":%d}]}`,
			w.hooks[models.TypeSubscribed].ID, w.tags["trial"].ID, w.city.ID, w.tags["trial"].ID, w.crm.ID))
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`)
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`) // subscribed already: no event
		w.call(models.TypeUnconfirmed, `{"email_address":"otto@example.com"}`)
		w.work()
		if got := w.runs(); !slices.Equal(got, []models.RunState{models.RunWaiting}) {
			t.Fatalf("got runs %v, want one that waits", got)
		}
		if got := w.tagged("ada@example.com"); !slices.Equal(got, []string{"trial"}) || w.contact("ada@example.com").Fields["city"] != "Wien" {
			t.Errorf("got tags %v and fields %v, want trial and Wien", got, w.contact("ada@example.com").Fields)
		}
		w.work()
		if len(w.sent()) != 0 {
			t.Fatal("the delivery did not wait")
		}
		w.later(5*time.Minute + time.Second)
		w.work()
		if got := w.runs(); !slices.Equal(got, []models.RunState{models.RunDone}) {
			t.Fatalf("got runs %v, want one that is done", got)
		}
		sent := w.sent()
		if len(sent) != 1 || sent[0].EventType != "contact.subscribed" || sent[0].Data.Contact == nil || sent[0].Data.Contact.Email != "ada@example.com" ||
			!slices.Equal(sent[0].Data.Contact.Tags, []string{"trial"}) || sent[0].Data.Contact.Fields["city"] != "Wien" {
			t.Errorf("got %+v, want one contact.subscribed with the tag and the field that the run set", sent)
		}
		if c := sent[0].Data.Cause; c.Automation.Name != "Welcome" || c.Webhook.Name != "SUBSCRIBED" || c.RequestID == "" {
			t.Errorf("got the cause %+v, want the call, its webhook and the automation", c)
		}
	})
}

// TestRulesEndRuns asks both rules and keeps why.
func TestRulesEndRuns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.automate("Viennese", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"rule":{"condition":"AND","filters":[{"type":"field","field_id":%d,"operator":"eq","value":"Wien"}]},
			"steps":[{"type":"only_if","rule":{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":[%d]}]}},{"type":"add_tag","tag_id":%d}]}`, w.city.ID, w.tags["customer"].ID, w.tags["trial"].ID))
		w.call(models.TypeSubscribed, `{"email_address":"graz@example.com","city":"Graz"}`)
		w.call(models.TypeSubscribed, `{"email_address":"wien@example.com","city":"Wien"}`)
		w.work()
		if got := w.runs(); !slices.Equal(got, []models.RunState{models.RunStopped, models.RunStopped}) {
			t.Fatalf("got %v, want two runs that ended early", got)
		}
		story, err := w.store.Run(t.Context(), w.ws.ID, rowsOf[models.AutomationRun](w, "contact_id")[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		last := story.Steps[len(story.Steps)-1].Told
		if last.Why == nil || last.Why.Matched || last.Why.Filters[0].Saw != "Graz" || rule.PlainText(last.Why.Filters[0].Words) != "City is Wien" {
			t.Errorf("got %+v, want why it is not for somebody in Graz", last)
		}
	})
}

// TestEventsStartRunsOnce lets several runners work at the same time.
func TestEventsStartRunsOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.automate("CRM", fmt.Sprintf(`{"triggers":[{"type":"contact_subscribed_confirmed"},{"type":"contact_unsubscribed"}],"rule":null,"steps":[{"type":"call","destination_id":%d}]}`, w.crm.ID))
		for i := range 20 {
			w.call(models.TypeSubscribed, fmt.Sprintf(`{"email_address":"%d@example.com"}`, i))
			w.call(models.TypeUnsubscribed, fmt.Sprintf(`{"email_address":"%d@example.com"}`, i))
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 10 {
					if _, err := w.runner.Turn(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		w.work()
		if n := len(w.runs()); n != 40 {
			t.Errorf("got %d runs, want 40", n)
		}
		seen := map[int64]int64{}
		for _, d := range rowsOf[models.Delivery](w, "contact_id, contact_version") {
			if seen[d.ContactID]++; d.ContactVersion != seen[d.ContactID] {
				t.Errorf("contact %d: got version %d, want %d", d.ContactID, d.ContactVersion, seen[d.ContactID])
			}
		}
		if len(seen) != 20 {
			t.Errorf("got deliveries about %d contacts, want 20", len(seen))
		}
	})
}

// TestLoopsEnd lets automations start one another, directly and through a segment.
func TestLoopsEnd(t *testing.T) {
	t.Parallel()
	add := func(w *world, name string) string {
		return fmt.Sprintf(`{"type":"add_tag","tag_id":%d}`, w.tags[name].ID)
	}
	remove := func(w *world, name string) string {
		return fmt.Sprintf(`{"type":"remove_tag","tag_id":%d}`, w.tags[name].ID)
	}
	for name, build := range map[string]func(w *world){
		"one": func(w *world) {
			w.automate("A", `{"triggers":[{"type":"contact_subscribed_confirmed"},{"type":"tag_added"},{"type":"tag_removed"}],"steps":[`+add(w, "trial")+`,`+remove(w, "trial")+`]}`)
		},
		"two": func(w *world) {
			w.automate("A", `{"triggers":[{"type":"contact_subscribed_confirmed"},{"type":"tag_removed"}],"steps":[`+add(w, "trial")+`]}`)
			w.automate("B", `{"triggers":[{"type":"tag_added"}],"steps":[`+remove(w, "trial")+`]}`)
		},
		"through a segment": func(w *world) {
			g := rule.Group{Join: rule.All, Filters: []rule.Filter{rule.Of(rule.Condition{Type: rule.TypeTags, Operator: rule.HasAny, Value: models.Text(fmt.Sprint(w.tags["trial"].ID))})}}
			segment, err := w.segments().Create(w.t.Context(), w.ws.ID, 0, "Trials", g)
			if err != nil {
				w.t.Fatal(err)
			}
			w.work()
			w.automate("A", fmt.Sprintf(`{"triggers":[{"type":"contact_subscribed_confirmed"},{"type":"segment_left","segment_ids":[%d]}],"steps":[%s]}`, segment.ID, add(w, "trial")))
			w.automate("B", fmt.Sprintf(`{"triggers":[{"type":"segment_entered","segment_ids":[%d]}],"steps":[%s]}`, segment.ID, remove(w, "trial")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				w := newWorld(t, db)
				build(w)
				w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`)
				w.work()
				runs := rowsOf[models.AutomationRun](w, "id")
				deepest := 0
				for _, r := range runs {
					deepest = max(deepest, r.Depth)
				}
				if len(runs) > 2*models.MaxDepth || name != "one" && (deepest != models.MaxDepth || runs[len(runs)-1].State != models.RunStopped) {
					t.Errorf("got %d runs, the deepest %d, the last %+v; want a chain that ends at depth %d, visibly", len(runs), deepest, runs[len(runs)-1], models.MaxDepth)
				}
			})
		})
	}
}

// TestErasedPeopleStartNothing erases people before their event is handled, and while a run waits.
func TestErasedPeopleStartNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.automate("CRM", fmt.Sprintf(`{"triggers":[{"type":"contact_created"},{"type":"contact_deleted"}],"steps":[{"type":"wait","minutes":60},{"type":"call","destination_id":%d}]}`, w.crm.ID))
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`)
		w.work()
		w.call(models.TypeDelete, `{"email_address":"ada@example.com"}`)
		w.call(models.TypeSubscribed, `{"email_address":"otto@example.com"}`)
		w.call(models.TypeDelete, `{"email_address":"otto@example.com"}`)
		w.later(2 * time.Hour)
		w.work()
		w.later(2 * time.Hour)
		w.work()
		sent := w.sent()
		if len(sent) != 2 {
			t.Fatalf("got %d deliveries, want one for each deletion", len(sent))
		}
		for _, e := range sent {
			if c := e.Data.Contact; e.EventType != "contact.deleted" || c.Email != "" || len(c.AddressHash) != 64 || c.Fields != nil {
				t.Errorf("got %+v with %+v, want the id and the hash of the address alone", e, c)
			}
		}
	})
}

// TestByHandOnlyIfAsked changes a contact by hand.
func TestByHandOnlyIfAsked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		step := fmt.Sprintf(`"steps":[{"type":"add_tag","tag_id":%d}]}`, w.tags["trial"].ID)
		w.automate("Calls alone", `{"triggers":[{"type":"contact_created"},{"type":"contact_updated"}],`+step)
		person := func(email string, change func() error) {
			if err := change(); err != nil {
				t.Fatal(err)
			}
			w.work()
		}
		person("hand@example.com", func() error {
			_, err := db.CreateContact(t.Context(), w.ws.ID, 7, "hand@example.com", models.ContactInput{Status: models.StatusSubscribed}, w.now())
			return err
		})
		if got := w.runs(); len(got) != 0 {
			t.Fatalf("got runs %v for a change by hand, want none", got)
		}
		w.automate("By hand too", fmt.Sprintf(`{"triggers":[{"type":"contact_updated","field_ids":[%d]},{"type":"contact_unsubscribed"}],"by_hand":true,`, w.city.ID)+step)
		c := w.contact("hand@example.com")
		person("hand@example.com", func() error {
			_, err := db.UpdateContact(t.Context(), c, 7, c.Version, models.ContactInput{Status: c.Status, Fields: map[string]string{"city": "Linz"}}, w.now())
			return err
		})
		person("hand@example.com", func() error {
			c := w.contact("hand@example.com")
			job := models.Job{WorkspaceID: w.ws.ID, ID: 1, UserID: 7}
			return w.db.Write(t.Context(), func(tx *gorm.DB) error {
				_, err := store.ApplyBulk(tx, job, models.Bulk{Action: models.BulkStatus, Status: models.StatusUnsubscribed}, store.BulkCursor{Before: c.ID + 1}, []models.Contact{c}, w.now())
				return err
			})
		})
		if got := w.tagged("hand@example.com"); !slices.Equal(got, []string{"trial"}) || len(w.runs()) != 2 {
			t.Errorf("got tags %v and runs %v, want two runs and trial", got, w.runs())
		}
	})
}

// TestRunsFinishTheirRevision changes a definition while a run waits, and deletes what it uses.
func TestRunsFinishTheirRevision(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		definition := func(tag string) string {
			return fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":60},{"type":"add_tag","tag_id":%d}]}`, w.tags[tag].ID)
		}
		a := w.automate("Later", definition("trial"))
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`)
		w.work()
		if err := w.store.Update(t.Context(), a, 0, "Later", w.parse(definition("customer"))); err != nil {
			t.Fatal(err)
		}
		w.call(models.TypeSubscribed, `{"email_address":"otto@example.com"}`)
		w.work()
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Tag{}).Where("workspace_id = ? AND id = ?", w.ws.ID, w.tags["customer"].ID).Update("deleted_at", w.now()).Error
		})
		w.call(models.TypeSubscribed, `{"email_address":"eva@example.com"}`) // it starts nothing any more
		w.later(2 * time.Hour)
		w.work()
		if got := w.tagged("ada@example.com"); !slices.Equal(got, []string{"trial"}) {
			t.Errorf("got %v, want the tag of the revision that the run began with", got)
		}
		if got := w.runs(); !slices.Equal(got, []models.RunState{models.RunDone, models.RunFailed}) {
			t.Errorf("got %v, want one that is done, and one that failed since its tag is gone", got)
		}
	})
}

// TestAFaultInOneRunStopsNoOther lets a step of one run panic each time it is done: the others of its workspace and of another one go on, and the
// run fails in the end.
func TestAFaultInOneRunStopsNoOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.automate("Tag", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":5},{"type":"add_tag","tag_id":%d}]}`, w.tags["trial"].ID))
		for _, name := range []string{"ada", "otto", "eva"} {
			w.call(models.TypeSubscribed, `{"email_address":"`+name+`@example.com"}`)
		}
		w.work()
		faulty := rowsOf[models.AutomationRun](w, "contact_id")[0]
		w.write(func(tx *gorm.DB) error { // no program writes this
			return tx.Exec("UPDATE automation_runs SET step = -3, due_at = ? WHERE id = ?", w.now(), faulty.ID).Error
		})
		w.later(6 * time.Minute)
		if _, err := w.runner.Turn(t.Context()); err == nil {
			t.Error("a turn with a fault reported none")
		}
		for range 10 {
			w.later(time.Hour)
			_, _ = w.runner.Turn(t.Context()) // it reports the fault again
		}
		for _, name := range []string{"otto", "eva"} {
			if got := w.tagged(name + "@example.com"); len(got) != 1 {
				t.Errorf("got the tags %v of %s, want the one of the run", got, name)
			}
		}
		for i, r := range rowsOf[models.AutomationRun](w, "contact_id") {
			if want := map[bool]models.RunState{true: models.RunFailed, false: models.RunDone}[i == 0]; r.State != want {
				t.Errorf("the run %d is %s, want %s", i, r.State, want)
			}
		}
	})
}

// TestADeletedWorkspaceDoesNothingMore deletes a workspace whose run waits and whose event has started nothing yet, while another one works.
func TestADeletedWorkspaceDoesNothingMore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.automate("CRM", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":5},{"type":"call","destination_id":%d}]}`, w.crm.ID))
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`)
		w.work()
		w.call(models.TypeSubscribed, `{"email_address":"otto@example.com"}`)
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE workspaces SET deleted_at = ? WHERE id = ?", w.now(), w.ws.ID).Error
		})
		w.later(time.Hour)
		for range 3 {
			if busy, err := w.runner.Turn(t.Context()); err != nil || busy {
				t.Fatalf("got %v and %v, want nothing to do", busy, err)
			}
		}
		if got := w.runs(); len(w.sent()) != 0 || !slices.Equal(got, []models.RunState{models.RunWaiting}) {
			t.Errorf("got the runs %v and %d messages, want the run as it was and no message", got, len(w.sent()))
		}
	})
}

// TestARunnerSeesWhatChanges lets one runner do a run, renames and deletes what the automation uses, and adds a webhook to it. The runs after that
// see the new state.
func TestARunnerSeesWhatChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.automate("Tag", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"add_tag","tag_id":%d},{"type":"set_field","field_id":%d,"value":"Wien"}]}`, w.tags["trial"].ID, w.city.ID))
		said := func(email string) (words []string) {
			t.Helper()
			w.call(models.TypeSubscribed, `{"email_address":"`+email+`"}`)
			w.work()
			for _, r := range rowsOf[models.AutomationRun](w, "contact_id") {
				if r.ContactID != w.contact(email).ID {
					continue
				}
				story, err := w.store.Run(t.Context(), w.ws.ID, r.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range story.Steps[1:] {
					words = append(words, s.Told.Words)
				}
			}
			return words
		}
		if got, want := said("ada@example.com"), []string{"The tag “trial” was added.", "City was set to “Wien”."}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		w.write(func(tx *gorm.DB) error {
			return errors.Join(tx.Exec("UPDATE tags SET name = 'tried', name_folded = 'tried' WHERE id = ?", w.tags["trial"].ID).Error,
				tx.Exec("UPDATE merge_tags SET label = 'Town' WHERE id = ?", w.city.ID).Error)
		})
		if got, want := said("otto@example.com"), []string{"The tag “tried” was added.", "Town was set to “Wien”."}; !slices.Equal(got, want) {
			t.Errorf("got %q after both were renamed, want %q", got, want)
		}
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE tags SET deleted_at = ? WHERE id = ?", w.now(), w.tags["trial"].ID).Error
		})
		if got := said("eva@example.com"); got != nil {
			t.Errorf("got %q after the tag was deleted, want no run of an automation that needs a repair", got)
		}
	})
}

// TestRunsOfAContactKeepTheirOrder has more runs due at one instant than a turn does, stored in the opposite order. The messages about a contact
// are handed over in the order of its versions.
func TestRunsOfAContactKeepTheirOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		a := w.automate("CRM", fmt.Sprintf(`{"triggers":[{"type":"contact_updated"}],"steps":[{"type":"call","destination_id":%d}]}`, w.crm.ID))
		for _, name := range []string{"ada", "otto"} {
			w.call(models.TypeSubscribed, `{"email_address":"`+name+`@example.com"}`)
		}
		const versions = 300
		w.write(func(tx *gorm.DB) error {
			var events []models.AutomationEvent
			var runs []models.AutomationRun
			for version := int64(versions); version > 0; version-- {
				for _, name := range []string{"ada", "otto"} {
					c := w.contact(name + "@example.com")
					c.Version = version
					e := models.EventAbout(c, nil, models.EventUpdated, w.now())
					e.State = models.EventStateHandled
					events = append(events, e)
					runs = append(runs, models.AutomationRun{WorkspaceID: w.ws.ID, ID: models.NewID(w.now()), AutomationID: a.ID, Revision: 1, EventID: e.ID, ContactID: c.ID,
						ContactVersion: version, State: models.RunDue, DueAt: models.Instant(w.now().Truncate(time.Hour))})
				}
			}
			return errors.Join(tx.CreateInBatches(&events, 100).Error, tx.CreateInBatches(&runs, 100).Error)
		})
		w.work()
		all := rowsOf[models.Delivery](w, "contact_id, contact_version")
		if len(all) != 2*versions {
			t.Fatalf("got %d messages, want %d", len(all), 2*versions)
		}
		for i := 1; i < len(all); i++ {
			if all[i].ContactID == all[i-1].ContactID && models.IDTime(all[i].ID).Before(models.IDTime(all[i-1].ID)) {
				t.Fatalf("the message about version %d was handed over before that about version %d", all[i].ContactVersion, all[i-1].ContactVersion)
			}
		}
	})
}

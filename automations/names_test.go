package automations_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"campaignlark/automations"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

func TestACopyHasAValidName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for _, name := range []string{"Welcome", strings.Repeat("a", 57), strings.Repeat("ä", 58), strings.Repeat("a", 64)} {
			a := w.automate(name, `{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":60}]}`)
			listed, err := w.store.Get(t.Context(), w.ws.ID, a.ID)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				copied, err := w.store.Copy(t.Context(), listed, 0)
				if fault := models.ValidateName(copied.Name); err != nil || fault != "" || copied.Enabled {
					t.Errorf("got %q, %s (%v), want a valid name", copied.Name, fault, err)
				}
			}
		}
	})
}

// TestTwoFormsDoNotGiveOneName gives an automation the name that another one gets at the same moment.
func TestTwoFormsDoNotGiveOneName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		definition := fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"add_tag","tag_id":%d}]}`, w.tags["trial"].ID)
		one, two := w.automate("One", definition), w.automate("Two", definition)
		var renamed <-chan error
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			if _, err := store.First[models.Workspace](store.ForNoKeyUpdate(tx).Where("id = ?", w.ws.ID)); err != nil { // as a change of an automation does
				return err
			}
			if err := tx.Model(&models.Automation{}).Where("workspace_id = ? AND id = ?", w.ws.ID, one.ID).Update("name", "Welcome").Error; err != nil {
				return err
			}
			renamed = dbtest.UntilItWaits(t, db, func() error { return w.store.Update(t.Context(), two, 0, "welcome", w.parse(definition)) })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-renamed; !errors.Is(err, automations.ErrNameTaken) {
			t.Errorf("got %v, want that the name is taken", err)
		}
	})
}

// TestARunnerSeesABrokenSegment breaks the rule of a segment that an automation asks, between two runs.
func TestARunnerSeesABrokenSegment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g, problems := rule.Parse(fmt.Sprintf(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":[%d]}]}`, w.tags["customer"].ID))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		segment, err := w.segments().Create(t.Context(), w.ws.ID, 0, "Customers", g)
		if err != nil {
			t.Fatal(err)
		}
		w.work()
		w.automate("Others", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"rule":{"condition":"AND","filters":[{"type":"segment","operator":"not_in","value":%d}]},"steps":[{"type":"wait","minutes":60}]}`, segment.ID))
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`)
		w.work()
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE segments SET broken_reason = 'A tag that it uses was deleted.' WHERE id = ?", segment.ID).Error
		})
		w.call(models.TypeSubscribed, `{"email_address":"otto@example.com"}`)
		w.work()
		if got := w.runs(); len(got) != 1 || got[0] != models.RunWaiting {
			t.Errorf("got %v, want that the automation needs a repair and starts for nobody else", got)
		}
	})
}

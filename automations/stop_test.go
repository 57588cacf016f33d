package automations_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestARunThatIsStoppedStaysSo stops a run at the moment at which the runner wants to do its step.
func TestARunThatIsStoppedStaysSo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.automate("Welcome", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":60},{"type":"add_tag","tag_id":%d}]}`, w.tags["trial"].ID))
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`)
		w.work()
		w.later(2 * time.Hour)
		var turned <-chan error
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			set := map[string]any{"state": models.RunStopped, "reason": "Ada stopped it.", "ended_at": w.now()}
			if err := tx.Model(&models.AutomationRun{}).Where("workspace_id = ?", w.ws.ID).Updates(set).Error; err != nil {
				return err
			}
			turned = dbtest.UntilItWaits(t, db, func() error {
				_, err := w.runner.Turn(t.Context())
				return err
			})
			return nil
		})
		if err = errors.Join(err, <-turned); err != nil {
			t.Fatal(err)
		}
		if got := rowsOf[models.AutomationRun](w, "id")[0]; got.State != models.RunStopped || got.EndedAt == nil {
			t.Errorf("got %+v, want the run stopped", got)
		}
		if got := w.tagged("ada@example.com"); len(got) != 0 {
			t.Errorf("got the tags %v, want none", got)
		}
	})
}

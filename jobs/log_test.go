package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestTheLogNamesTheFailedStep removes a table during a bulk change, and checks that the log names the query that
// failed.
func TestTheLogNamesTheFailedStep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		job := models.NewJob(1, 7, models.JobBulk, models.Bulk{Status: models.StatusUnsubscribed})
		job.Cursor = models.JobJSON(store.BulkCursor{Filter: store.ContactFilter{Search: "marta@example.com"}, Before: 10})
		if err := db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := store.CreateJob(tx, &job, c.now()); err != nil {
				return err
			}
			return tx.Exec("ALTER TABLE contacts RENAME TO contacts_away").Error
		}); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { New(db, slog.New(slog.NewTextHandler(&log, nil)), c.now).Run(ctx); close(ended) }()
		for deadline := time.Now().Add(20 * time.Second); jobNow(t, db, job.ID).Tries == 0; <-time.After(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the step does not fail")
			}
		}
		cancel()
		<-ended
		if got := log.String(); !strings.Contains(got, `operation="bulk change: find the next contacts" code=internal`) || !strings.Contains(got, fmt.Sprintf("job=%d kind=bulk try=1", job.ID)) || strings.Contains(got, "marta") || strings.Contains(got, "contacts_away") {
			t.Errorf("got the log %s, want the job and the operation, and no value", got)
		}
	})
}

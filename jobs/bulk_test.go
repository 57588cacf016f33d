package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestBulkResumesAfterAnInterruption changes some thousand contacts. Each turn is interrupted and continued by another
// runner, while others change, delete and create contacts.
func TestBulkResumesAfterAnInterruption(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		const n = 3000
		w := newWorld(t, db)
		add := func(id int64) {
			w.write(func(tx *gorm.DB) error {
				return tx.Create(&models.Contact{WorkspaceID: w.workspace, ID: id, Email: fmt.Sprintf("c%d@example.com", id), Status: models.StatusSubscribed,
					Fields: map[string]string{}, Version: 1, CreatedAt: w.now, UpdatedAt: w.now}).Error
			})
		}
		contacts := make([]models.Contact, n)
		for i := range contacts {
			contacts[i] = models.Contact{WorkspaceID: w.workspace, ID: int64(i + 1), Email: fmt.Sprintf("c%d@example.com", i+1), Status: models.StatusSubscribed,
				Fields: map[string]string{}, Version: 1, CreatedAt: w.now, UpdatedAt: w.now}
		}
		w.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&contacts, 500).Error })
		from := store.BulkCursor{Filter: store.ContactFilter{Status: models.StatusSubscribed}, Before: n + 1}
		job, err := db.StartBulk(t.Context(), w.workspace, 1, models.Bulk{Action: models.BulkStatus, Status: models.StatusUnsubscribed, Which: "status is Subscribed"}, from, n, w.now)
		if err != nil {
			t.Fatal(err)
		}
		gone := []int64{1, 2, 777}
		for _, id := range gone {
			if err := db.DeleteContact(t.Context(), contacts[id-1], 1, w.now); err != nil {
				t.Fatal(err)
			}
		}
		add(n + 1)
		for turns := 0; !job.Finished(); turns++ {
			if turns > 10*n/bulkStep {
				t.Fatalf("the work does not end: %+v", job)
			}
			ctx, cut := context.WithCancel(t.Context())
			steps := 0 // the runner of this turn dies in its third step
			inner := w.runner.steps[models.JobBulk]
			w.runner.steps[models.JobBulk] = func(ctx context.Context, tx *gorm.DB, j *models.Job, now time.Time) error {
				err := inner(ctx, tx, j, now)
				if steps++; steps > 2 {
					cut()
				}
				return err
			}
			_, _ = w.runner.Turn(ctx)
			cut()
			w.restart()
			if job, err = db.Job(t.Context(), w.workspace, job.ID); err != nil {
				t.Fatal(err)
			}
		}
		var result models.BulkResult
		if err := json.Unmarshal([]byte(job.Result), &result); err != nil || result != (models.BulkResult{Changed: n - 3, Gone: 3}) || job.State != models.JobDone {
			t.Errorf("got %+v in the state %s (%v), want %d changed and 3 gone", result, job.State, err, n-3)
		}
		var once, notes int64
		db.Read(t.Context()).Model(&models.Contact{}).Where("status = ? AND version = 2 AND unsubscribed_at IS NOT NULL", models.StatusUnsubscribed).Count(&once)
		db.Read(t.Context()).Model(&models.AuditEntry{}).Where("action = ?", models.ActionContactBulk).Count(&notes)
		if once != n-3 || notes != n-3 {
			t.Errorf("got %d contacts changed exactly once and %d notes, want %d of each", once, notes, n-3)
		}
		if later, err := db.Contact(t.Context(), w.workspace, n+1); err != nil || later.Status != models.StatusSubscribed {
			t.Errorf("got %+v (%v), want the contact that came later as it was", later, err)
		}
	})
}

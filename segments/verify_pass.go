package segments

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

const (
	// verifyEvery is the time between the starts of two verifications of a workspace, and from its first segment to its
	// first verification.
	verifyEvery = 24 * time.Hour
	// verifyLook is how often the ticker looks for workspaces that are due. Verifications are hours apart, so seconds
	// do not matter.
	verifyLook = time.Minute
)

// verification is the ticker's list of workspaces to verify.
type verification struct {
	mu     sync.Mutex
	due    []int64 // unfinished ones first, then those that wait longest
	looked time.Time
}

// verifyIdle verifies a little if the ticker is not busy. It finishes one workspace before the next, so that few are
// unfinished at a time. It stops after about the time of one page of a build; the next tick continues.
func (t *Ticker) verifyIdle(ctx context.Context, busy bool) error {
	if busy {
		return nil
	}
	due, err := t.dueForVerification(ctx)
	if err != nil {
		return models.In("verify: find what is due", err)
	}
	var errs []error
	for start := time.Now(); len(due) > 0 && time.Since(start) < aimOf(t.db.Dialect); {
		workspace := due[0]
		more, err := t.verifyStep(ctx, workspace)
		if err != nil {
			t.logTrouble(ctx, workspace, err)
			errs = append(errs, err)
		}
		if !more {
			due = due[1:]
			t.verification.done(workspace)
		}
	}
	return errors.Join(errs...)
}

// dueForVerification returns the workspaces to verify.
func (t *Ticker) dueForVerification(ctx context.Context) ([]int64, error) {
	v, now := &t.verification, models.Instant(t.Now())
	v.mu.Lock()
	defer v.mu.Unlock()
	if since := now.Sub(v.looked); since >= 0 && since < verifyLook {
		return slices.Clone(v.due), nil
	}
	var due []int64
	err := t.db.Read(ctx).Raw(`SELECT s.workspace_id FROM (SELECT workspace_id, min(created_at) AS first FROM segments GROUP BY workspace_id) s
		LEFT JOIN segment_checks c ON c.workspace_id = s.workspace_id
		WHERE c.finished_at IS NULL AND c.started_at IS NOT NULL OR coalesce(c.started_at, s.first) <= ?
		ORDER BY CASE WHEN c.finished_at IS NULL AND c.started_at IS NOT NULL THEN 0 ELSE 1 END, coalesce(c.started_at, s.first), s.workspace_id`,
		now.Add(-verifyEvery)).Scan(&due).Error
	if err != nil {
		return nil, err
	}
	v.due, v.looked = t.mine(due), now
	return slices.Clone(v.due), nil
}

// done removes a workspace from the list.
func (v *verification) done(workspace int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.due = slices.DeleteFunc(v.due, func(id int64) bool { return id == workspace })
}

// verifyStep verifies one page of a workspace, from where another replica or an earlier run stopped, and reports whether
// more is left.
func (t *Ticker) verifyStep(ctx context.Context, workspace int64) (more bool, err error) {
	var end verdict
	more, err = t.stepRested(ctx, &t.verifying, workspace, func(r *round) (bool, error) {
		end = verdict{}
		check, err := r.check()
		if err != nil || check.FinishedAt != nil {
			return false, models.In("verify: read the check", err)
		}
		if check.NextChunk >= check.TotalChunks {
			end, err = r.finishCheck(check)
			return false, models.In("verify: finish", err)
		}
		return t.verified.step(r, func(r *round, n int64) (bool, error) {
			to := min(check.NextChunk+n, check.TotalChunks)
			page, err := r.verifyPage(check.NextChunk, to)
			if err != nil || page.postponed {
				return false, models.In("verify", err)
			}
			check.NextChunk, check.Differences = to, check.Differences+page.differences()
			return true, models.In("verify: store the check", r.saveCheck(check))
		})
	})
	if err == nil {
		t.reportDrift(ctx, workspace, end)
	}
	return more, err
}

// reportDrift logs a verification that found something: once, and only with ids.
func (t *Ticker) reportDrift(ctx context.Context, workspace int64, v verdict) {
	if v.differences > 0 {
		t.Log.ErrorContext(ctx, "stored memberships differed from what the rules say and were repaired",
			"workspace", workspace, "segments", v.segments, "differences", v.differences)
	}
}

// verdict is the result of a whole verification.
type verdict struct {
	differences int64
	segments    []int64    // ids of repaired segments, ascending
	miscounted  []*running // those whose member count was wrong
}

// check returns the workspace's unfinished verification, or a new one if one is due, or else the last.
func (r *round) check() (models.SegmentCheck, error) {
	check, err := store.First[models.SegmentCheck](r.tx.Where("workspace_id = ?", r.workspace))
	switch {
	case errors.Is(err, models.ErrNotFound):
		err = nil
	case err != nil || check.FinishedAt == nil || check.StartedAt.After(r.now.Add(-verifyEvery)):
		return check, err
	}
	return r.newCheck()
}

// newCheck returns a new verification of all contacts that exist now. Contacts created later have marks, which cover
// them.
func (r *round) newCheck() (models.SegmentCheck, error) {
	total, err := chunkCount(r.tx, r.workspace)
	if len(r.segments) == 0 {
		total = 0
	}
	return models.SegmentCheck{WorkspaceID: r.workspace, TotalChunks: total, StartedAt: r.now}, err
}

func (r *round) saveCheck(check models.SegmentCheck) error {
	return r.tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "workspace_id"}}, UpdateAll: true}).Create(&check).Error
}

// finishCheck ends a verification. It compares the member counts too, and marks the segments that it checked completely
// as verified. Segments that are being built, or were built after it started, are not marked.
func (r *round) finishCheck(check models.SegmentCheck) (verdict, error) {
	wrong, err := r.recount(func(*running) bool { return true })
	if err == nil {
		err = r.saveTally()
	}
	if err != nil {
		return verdict{}, models.In("verify: count members", err)
	}
	check.Differences += int64(len(wrong))
	check.FinishedAt = &r.now
	v := verdict{differences: check.Differences, miscounted: wrong}
	if v.differences > 0 {
		err := r.tx.Model(&models.SegmentBulkChange{}).Where("workspace_id = ? AND id >= ? AND cause = ?", r.workspace, models.IDAt(check.StartedAt), models.CauseRepair).
			Distinct().Pluck("segment_id", &v.segments).Error
		if err != nil {
			return v, err
		}
		for _, g := range wrong {
			v.segments = append(v.segments, g.ID)
		}
		slices.Sort(v.segments)
		v.segments = slices.Compact(v.segments)
	}
	err = r.tx.Model(&models.Segment{}).
		Where("workspace_id = ? AND slot >= 0 AND broken_reason = '' AND building_slot IS NULL AND built_at <= ?", r.workspace, check.StartedAt).
		Update("verified_at", r.now).Error
	if err != nil {
		return v, err
	}
	return v, r.saveCheck(check)
}

// chunkCount returns the number of chunks up to the last contact or membership.
func chunkCount(tx *gorm.DB, workspace int64) (int64, error) {
	var last struct{ Contact, Chunk int64 }
	err := tx.Raw(`SELECT coalesce((SELECT max(id) FROM contacts WHERE workspace_id = ?), -1) AS contact,
		coalesce((SELECT max(chunk) FROM segment_bits WHERE workspace_id = ?), -1) AS chunk`, workspace, workspace).Scan(&last).Error
	return max((last.Contact+chunkSize)/chunkSize, last.Chunk+1), err
}

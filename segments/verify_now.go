package segments

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"
)

// Verification is the result of one verification of a workspace. All differences are repaired.
type Verification struct {
	Contacts    int64             // contacts evaluated
	Differences int64             // of all segments, including Late
	Late        int64             // chunks where passing time would have changed contacts before they were due
	Segments    []VerifiedSegment // by name
}

// VerifiedSegment is the result for one segment.
type VerifiedSegment struct {
	models.Segment
	Compared    int64  // contacts whose membership was compared with the rule
	Differences int64  // wrong memberships, plus one for a wrong count
	Left        string // why not all members were compared with the rule, as a text after "not compared: "; else ""
}

// patience is how long Verify waits before it tries the lock again.
const patience = 20 * time.Millisecond

// Verify verifies all segments of a workspace now, in steps. Before each step it processes waiting changes. Other tickers
// may run on the same database. On SQLite other processes wait for the one writer, so a pause of the same length follows
// each step. progress gets how many of the workspace's contact ids are checked. The error is ErrNotFound if the workspace
// is deleted while it runs.
func (t *Ticker) Verify(ctx context.Context, workspace int64, progress func(done, total int64)) (Verification, error) {
	v := verifying{ticker: t, workspace: workspace, segments: map[int64]*VerifiedSegment{}}
	err := v.insist(ctx, v.begin)
	for err == nil && v.check.NextChunk < v.check.TotalChunks {
		start := time.Now()
		if err = v.follow(ctx); err == nil {
			err = v.next(ctx)
		}
		if err == nil && t.db.Dialect == store.SQLite {
			err = pause(ctx, time.Since(start))
		}
		progress(v.check.NextChunk*chunkSize, v.check.TotalChunks*chunkSize)
	}
	if err == nil {
		err = v.end(ctx)
	}
	return v.result(), err
}

// verifying is a verification on demand. It keeps its own position, so that it checks every chunk even if a background
// verification is running.
type verifying struct {
	ticker    *Ticker
	workspace int64
	check     models.SegmentCheck
	earlier   int64 // differences of an unfinished background verification, which this one replaces
	contacts  int64
	late      int64
	segments  map[int64]*VerifiedSegment
}

// insist does a step as soon as the workspace's lock is free.
func (v *verifying) insist(ctx context.Context, work func(*round) error) error {
	for {
		done := false
		_, err := v.ticker.step(ctx, v.workspace, func(r *round) (bool, error) {
			done = true
			return false, work(r)
		})
		if done || err != nil {
			return err
		}
		if _, err := store.First[models.Workspace](v.ticker.db.Read(ctx).Where("id = ? AND deleted_at IS NULL", v.workspace)); err != nil {
			return err
		}
		if err := pause(ctx, patience); err != nil {
			return err
		}
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// follow processes waiting changes. So even without another ticker little is left out, and a long verification does not
// delay the changes.
func (v *verifying) follow(ctx context.Context) error {
	_, err := v.ticker.step(ctx, v.workspace, (*round).recalculate)
	if err == nil {
		_, err = v.ticker.step(ctx, v.workspace, func(r *round) (bool, error) { return v.ticker.passed.step(r, (*round).passTime) })
	}
	return err
}

func (v *verifying) begin(r *round) (err error) {
	if v.check, err = r.newCheck(); err != nil {
		return models.In("verify: begin", err)
	}
	last, err := store.First[models.SegmentCheck](r.tx.Where("workspace_id = ? AND finished_at IS NULL", v.workspace))
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	v.earlier = last.Differences
	return err
}

// next verifies one page.
func (v *verifying) next(ctx context.Context) error {
	var to int64
	var segments []*running
	var page verifiedPage
	err := v.insist(ctx, func(r *round) error {
		segments = r.segments
		_, err := v.ticker.verified.step(r, func(r *round, n int64) (more bool, err error) {
			to = min(v.check.NextChunk+n, v.check.TotalChunks)
			if page, err = r.verifyPage(v.check.NextChunk, to); page.postponed {
				to = v.check.NextChunk
			}
			return false, models.In("verify", err)
		})
		return err
	})
	if err != nil {
		return err
	}
	v.check.NextChunk, v.contacts = to, v.contacts+page.contacts
	v.late += int64(len(page.late))
	v.compared(segments, page.contacts)
	for _, d := range page.found {
		v.of(d.segment).Differences++
	}
	v.check.Differences += page.differences()
	return nil
}

// end compares the counts and stores that the workspace is verified.
func (v *verifying) end(ctx context.Context) error {
	check := v.check
	check.Differences += v.earlier
	var segments []*running
	var verdict verdict
	err := v.insist(ctx, func(r *round) (err error) {
		segments = r.segments
		verdict, err = r.finishCheck(check)
		return models.In("verify: finish", err)
	})
	if err != nil {
		return err
	}
	v.compared(segments, 0)
	for _, g := range verdict.miscounted {
		v.of(g).Differences++
	}
	v.check.Differences += int64(len(verdict.miscounted))
	v.ticker.reportDrift(ctx, v.workspace, verdict)
	return nil
}

// compared adds to the compared contacts of each segment, or says why it was not compared.
func (v *verifying) compared(segments []*running, contacts int64) {
	for _, g := range segments {
		s := v.of(g)
		switch {
		case g.BrokenReason != "":
			s.Left = "its rule cannot be evaluated"
		case !g.comparable():
			s.Left = "it is being built"
		default:
			s.Compared += contacts
		}
	}
}

func (v *verifying) of(g *running) *VerifiedSegment {
	s := v.segments[g.ID]
	if s == nil {
		s = &VerifiedSegment{}
		v.segments[g.ID] = s
	}
	s.Segment = g.Segment
	return s
}

func (v *verifying) result() Verification {
	result := Verification{Contacts: v.contacts, Differences: v.check.Differences, Late: v.late}
	for _, s := range slices.SortedFunc(maps.Values(v.segments), func(a, b *VerifiedSegment) int {
		return cmp.Or(rule.ByName(a.Segment, b.Segment), cmp.Compare(a.ID, b.ID))
	}) {
		result.Segments = append(result.Segments, *s)
	}
	return result
}

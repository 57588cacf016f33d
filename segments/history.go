package segments

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Change is one line of a segment's history: the move of one contact, or a wave.
type Change struct {
	ID         uuid.UUID // of its newest row
	At         time.Time // of the newest row
	Cause      models.SegmentCause
	RequestID  *uuid.UUID // of models.CauseCall
	Webhook    string     // of the call; "" if the log no longer has the call
	UserID     *int64     // the person who edited the contact or the rule
	JobID      *int64     // the import that changed the contact
	RunID      *uuid.UUID // the run of an automation that changed the contact
	Automation string     // of the run
	Person     string     // "" if unknown

	ContactID     int64   // 0 for a wave
	Entered       bool    // for one contact
	In, Out       int64   // for a wave
	InIDs, OutIDs []int64 // examples, at most changeExamples each

	Since time.Time // when the oldest of its rows was written

	oldest uuid.UUID // of its rows
	rows   int       // how many rows it joins
}

const (
	changeExamples = 3
	bulkStep       = 256  // rows of waves that the first statement reads, 2 KiB each at most
	bulkReach      = 2000 // rows of waves after which a page ends; also what each further statement reads

	// Passing time and repairs change memberships in steps. Steps less than waveGap apart make one line. The line ends
	// after waveTime or waveRows, because contacts may leave every second forever. An hour with one step per second
	// fits.
	waveGap  = time.Minute
	waveTime = time.Hour
	waveRows = 4000
)

// ChangesCursor is where a page of changes begins: it has only older rows than these.
type ChangesCursor struct {
	Single uuid.UUID // a change of one contact
	Many   uuid.UUID // a row of a wave
}

// NewestChanges is the cursor of the first page.
var NewestChanges = ChangesCursor{uuid.Max, uuid.Max}

// bulkRow is a row of segment_bulk_changes with the email address of its user.
type bulkRow struct {
	models.SegmentBulkChange
	Person string
}

// Changes returns one page of the segment's moves, newest first, and the cursor of the next page, zero for the last
// page. A page has at most limit lines, and fewer if they consist of very many rows.
func (s Store) Changes(ctx context.Context, workspace, segment int64, from ChangesCursor, limit int) (page []Change, next ChangesCursor, err error) {
	all, err := s.single(ctx, workspace, segment, from.Single, limit+1)
	if err != nil {
		return nil, next, err
	}
	until := uuid.Nil // older waves are not needed
	if len(all) > limit {
		until = all[limit].ID
	}
	many, unread, err := s.many(ctx, workspace, segment, from.Many, until, limit+1)
	if err != nil {
		return nil, next, err
	}
	all = append(all, many...)
	slices.SortFunc(all, func(a, b Change) int { return models.CompareIDs(b.ID, a.ID) })
	next = from
	for _, c := range all {
		if len(page) == limit || models.CompareIDs(c.ID, unread) < 0 {
			return page, next, nil
		}
		page = append(page, c)
		if c.ContactID != 0 {
			next.Single = c.ID
		} else {
			next.Many = c.oldest
		}
	}
	if unread == uuid.Nil {
		next = ChangesCursor{}
	}
	return page, next, nil
}

// single returns the moves of single contacts, with their causes.
func (s Store) single(ctx context.Context, workspace, segment int64, before uuid.UUID, limit int) ([]Change, error) {
	var rows []struct {
		models.SegmentChange
		Webhook, Person, Automation string
	}
	err := s.DB.Read(ctx).Table("segment_changes AS c").
		Select("c.*, coalesce(w.name, '') AS webhook, coalesce(nullif(u.name, ''), u.email, '') AS person, coalesce(a.name, '') AS automation").
		Joins("LEFT JOIN automation_runs ar ON ar.workspace_id = c.workspace_id AND ar.id = c.run_id").
		Joins("LEFT JOIN automations a ON a.workspace_id = ar.workspace_id AND a.id = ar.automation_id").
		Joins("LEFT JOIN webhook_requests r ON r.workspace_id = c.workspace_id AND r.id = c.request_id").
		Joins("LEFT JOIN webhooks w ON w.workspace_id = r.workspace_id AND w.id = r.webhook_id").
		Joins("LEFT JOIN users u ON u.id = c.user_id").
		Where("c.workspace_id = ? AND c.segment_id = ? AND c.id < ?", workspace, segment, before).
		Order("c.id DESC").Limit(limit).Find(&rows).Error
	changes := make([]Change, len(rows))
	for i, r := range rows {
		changes[i] = Change{ID: r.ID, oldest: r.ID, At: r.At, Since: r.At, Cause: r.Cause, RequestID: r.RequestID, Webhook: r.Webhook,
			Person: r.Person, UserID: r.UserID, JobID: r.JobID, RunID: r.RunID, Automation: r.Automation, ContactID: r.ContactID, Entered: r.Entered}
	}
	return changes, err
}

// many returns waves before an id: at most limit, and none older than until. unread is the first row that belongs to
// none of them, zero if no rows are left. It reads at most bulkReach rows, and the rest of the wave at the end.
func (s Store) many(ctx context.Context, workspace, segment int64, before, until uuid.UUID, limit int) (all []Change, unread uuid.UUID, err error) {
	read := 0
	err = s.eachBulk(ctx, workspace, segment, before, func(row bulkRow) bool {
		switch n := len(all); {
		case n > 0 && all[n-1].sameWave(row):
			all[n-1].add(row)
		case n == limit || read >= bulkReach || models.CompareIDs(row.ID, until) < 0:
			unread = row.ID
			return false
		default:
			all = append(all, changeOfMany(row))
		}
		read++
		return true
	})
	return all, unread, err
}

// eachBulk calls f for the rows of waves before an id, newest first, until f returns false.
func (s Store) eachBulk(ctx context.Context, workspace, segment int64, before uuid.UUID, f func(bulkRow) bool) error {
	for step := bulkStep; ; step = bulkReach {
		var rows []bulkRow
		if err := s.bulk(ctx, workspace, segment).Where("c.id < ?", before).Order("c.id DESC").Limit(step).Find(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			if !f(row) {
				return nil
			}
			before = row.ID
		}
		if len(rows) < step {
			return nil
		}
	}
}

func (s Store) bulk(ctx context.Context, workspace, segment int64) *gorm.DB {
	return s.DB.Read(ctx).Table("segment_bulk_changes AS c").Select("c.*, coalesce(nullif(u.name, ''), u.email, '') AS person").
		Joins("LEFT JOIN users u ON u.id = c.user_id").Where("c.workspace_id = ? AND c.segment_id = ?", workspace, segment)
}

func changeOfMany(row bulkRow) Change {
	c := Change{ID: row.ID, At: row.At, Cause: row.Cause, Person: row.Person, UserID: row.UserID}
	c.add(row)
	return c
}

// sameWave reports whether an older row belongs to the same wave. The swap of a rebuilt rule is one transaction;
// passing time and repairs work in steps.
func (c Change) sameWave(row bulkRow) bool {
	gap := c.Since.Sub(row.At)
	same := row.Cause == c.Cause && (row.UserID == nil) == (c.UserID == nil) && (c.UserID == nil || *row.UserID == *c.UserID)
	inSteps := c.Cause == models.CauseTime || c.Cause == models.CauseRepair
	return same && c.rows < waveRows && (gap == 0 || inSteps && gap < waveGap && c.At.Sub(row.At) < waveTime)
}

func (c *Change) add(row bulkRow) {
	c.oldest, c.Since, c.rows = row.ID, row.At, c.rows+1
	c.In, c.Out = c.In+int64(row.Entered.Len()), c.Out+int64(row.Departed.Len())
	c.InIDs = append(c.InIDs, row.Entered.IDs(row.Span, changeExamples-len(c.InIDs))...)
	c.OutIDs = append(c.OutIDs, row.Departed.IDs(row.Span, changeExamples-len(c.OutIDs))...)
}

// ChangeOfMany returns the wave whose newest row has the id, and one page of the contacts that entered or left: at most
// limit ids below before (0 starts at the newest). next is the next page's before, 0 for the last page. The error is
// ErrNotFound if there is no such wave, or no longer.
func (s Store) ChangeOfMany(ctx context.Context, workspace, segment int64, id uuid.UUID, entered bool, before int64, limit int) (c Change, ids []int64, next int64, err error) {
	spans := map[int64][]models.SegmentSet{}
	note := func(row bulkRow) {
		set := row.Departed
		if entered {
			set = row.Entered
		}
		spans[row.Span] = append(spans[row.Span], set)
	}
	first, err := store.First[bulkRow](s.bulk(ctx, workspace, segment).Where("c.id = ?", id))
	if err != nil {
		return c, nil, 0, err
	}
	c = changeOfMany(first)
	note(first)
	err = s.eachBulk(ctx, workspace, segment, id, func(row bulkRow) bool {
		if !c.sameWave(row) {
			return false
		}
		c.add(row)
		note(row)
		return true
	})
	ids, next = below(spans, before, limit)
	return c, ids, next, err
}

// below returns the highest distinct contacts of the sets below an id, and the next page's before.
func below(spans map[int64][]models.SegmentSet, before int64, limit int) (ids []int64, next int64) {
	var order []int64
	for span := range spans {
		order = append(order, span)
	}
	slices.SortFunc(order, func(a, b int64) int { return int(b - a) })
	for _, span := range order {
		if before > 0 && span*models.SegmentSpan >= before || len(ids) > limit {
			continue
		}
		var of []int64
		for _, set := range spans[span] {
			of = append(of, set.IDs(span, models.SegmentSpan)...)
		}
		slices.Sort(of)
		for _, id := range slices.Backward(slices.Compact(of)) {
			if (before <= 0 || id < before) && len(ids) <= limit {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) > limit {
		ids = ids[:limit]
		next = ids[limit-1]
	}
	return ids, next
}

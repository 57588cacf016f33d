package segments

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// origin is why memberships change.
type origin struct {
	cause   models.SegmentCause
	request *uuid.UUID
	user    *int64
}

// tally is who enters and leaves in a round, until it is saved with the bits in the same transaction.
type tally struct {
	singles []models.SegmentChange
	bulk    map[bulkKey]*moves
	days    map[*running]*models.SegmentDay // without sizes
}

// bulkKey is what a row of segment_bulk_changes is about.
type bulkKey struct {
	segment int64
	span    int64
}

// moves are ascending ids of one span.
type moves struct {
	origin            origin
	entered, departed []int64
}

// moved notes that one contact entered or left.
func (r *round) moved(g *running, contact int64, entered bool, why origin) {
	r.tally.singles = append(r.tally.singles, models.SegmentChange{WorkspaceID: r.workspace, ID: models.NewID(r.now), SegmentID: g.ID,
		ContactID: contact, Entered: entered, Cause: why.cause, RequestID: why.request, UserID: why.user, At: r.now})
	r.count(g, entered, why.cause)
}

// movedInBulk notes that a contact entered or left with many others. A segment's contacts come in ascending order.
func (r *round) movedInBulk(g *running, contact int64, entered bool, why origin) {
	if r.tally.bulk == nil {
		r.tally.bulk = map[bulkKey]*moves{}
	}
	key := bulkKey{g.ID, contact / models.SegmentSpan}
	m := r.tally.bulk[key]
	if m == nil {
		m = &moves{origin: why}
		r.tally.bulk[key] = m
	}
	if entered {
		m.entered = append(m.entered, contact)
	} else {
		m.departed = append(m.departed, contact)
	}
	r.count(g, entered, why.cause)
}

func (r *round) count(g *running, entered bool, cause models.SegmentCause) {
	day := r.day(g)
	switch cause {
	case models.CauseCall:
		addTo(&day.EnteredCall, &day.DepartedCall, entered)
	case models.CauseEdit:
		addTo(&day.EnteredEdit, &day.DepartedEdit, entered)
	case models.CauseTime:
		addTo(&day.EnteredTime, &day.DepartedTime, entered)
	default:
		addTo(&day.EnteredRule, &day.DepartedRule, entered)
	}
	if entered {
		g.MemberCount++
	} else {
		g.MemberCount--
	}
}

func addTo(in, out *int64, entered bool) {
	if entered {
		*in++
	} else {
		*out++
	}
}

// day is what happens to the segment today, with a row even if nobody moves.
func (r *round) day(g *running) *models.SegmentDay {
	if r.tally.days == nil {
		r.tally.days = map[*running]*models.SegmentDay{}
	}
	day := r.tally.days[g]
	if day == nil {
		day = &models.SegmentDay{WorkspaceID: r.workspace, SegmentID: g.ID, Day: r.today}
		r.tally.days[g] = day
	}
	return day
}

// saveTally writes who entered and left, the sizes and the day's figures.
func (r *round) saveTally() error {
	if err := inBatches(r.tally.singles, func(rows []models.SegmentChange) error { return r.tx.Create(&rows).Error }); err != nil {
		return err
	}
	if err := inBatches(r.tally.bulkRows(r), func(rows []models.SegmentBulkChange) error { return r.tx.Create(&rows).Error }); err != nil {
		return err
	}
	if len(r.tally.days) == 0 {
		return nil
	}
	changed := slices.SortedFunc(maps.Keys(r.tally.days), func(a, b *running) int { return cmp.Compare(a.ID, b.ID) })
	if err := r.saveSizes(changed); err != nil {
		return err
	}
	return r.saveDays(changed)
}

func (t tally) bulkRows(r *round) (rows []models.SegmentBulkChange) {
	for _, key := range slices.SortedFunc(maps.Keys(t.bulk), func(a, b bulkKey) int {
		return cmp.Or(cmp.Compare(a.segment, b.segment), cmp.Compare(a.span, b.span))
	}) {
		m := t.bulk[key]
		rows = append(rows, models.SegmentBulkChange{WorkspaceID: r.workspace, ID: models.NewID(r.now), SegmentID: key.segment, Span: key.span,
			Entered: models.NewSegmentSet(m.entered), Departed: models.NewSegmentSet(m.departed), Cause: m.origin.cause, UserID: m.origin.user, At: r.now})
	}
	return rows
}

// saveSizes writes the member counts in one statement.
func (r *round) saveSizes(changed []*running) error {
	var sizes strings.Builder
	var values []any
	var ids []int64
	for _, g := range changed {
		sizes.WriteString(" WHEN ? THEN CAST(? AS bigint)")
		values = append(values, g.ID, g.MemberCount)
		ids = append(ids, g.ID)
	}
	return r.tx.Exec("UPDATE segments SET member_count = CASE id"+sizes.String()+" ELSE member_count END WHERE workspace_id = ? AND id IN ?",
		append(values, r.workspace, ids)...).Error
}

var dayColumns = []string{"entered_call", "entered_edit", "entered_time", "entered_rule", "departed_call", "departed_edit", "departed_time", "departed_rule"}

func (r *round) saveDays(changed []*running) error {
	var rows []models.SegmentDay
	for _, g := range changed {
		day := *r.tally.days[g]
		day.Size = g.MemberCount
		rows = append(rows, day)
	}
	set := clause.AssignmentColumns([]string{"size"})
	for _, column := range dayColumns {
		set = append(set, clause.Assignment{Column: clause.Column{Name: column}, Value: gorm.Expr("segment_days." + column + " + excluded." + column)})
	}
	return inBatches(rows, func(rows []models.SegmentDay) error {
		return r.tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "workspace_id"}, {Name: "segment_id"}, {Name: "day"}}, DoUpdates: set,
		}).Create(&rows).Error
	})
}

package segments

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// origin is the cause of a move.
type origin struct {
	cause   models.SegmentCause
	request *uuid.UUID
	user    *int64
	job     *int64     // the import or the bulk action
	run     *uuid.UUID // the run of an automation that changed the contact
	depth   int        // of its changes
}

// tally collects the moves of a round until they are saved with the bits in the same transaction.
type tally struct {
	singles []models.SegmentChange
	fired   []firedMove
	bulk    map[*running]*moves // of each segment's current span
	rows    []models.SegmentBulkChange
	days    map[*running]*models.SegmentDay // without sizes
}

// moves holds ascending ids of one span.
type moves struct {
	span              int64
	origin            origin
	entered, departed []int64
}

// moved records that one contact entered or left.
func (r *round) moved(g *running, contact int64, entered bool, why origin) {
	change := models.SegmentChange{WorkspaceID: r.workspace, ID: models.NewID(r.now), SegmentID: g.ID,
		ContactID: contact, Entered: entered, Cause: why.cause, RequestID: why.request, UserID: why.user, RunID: why.run, At: r.now}
	if why.cause == models.CauseImport {
		change.JobID = why.job
	}
	r.tally.singles = append(r.tally.singles, change)
	r.tally.fired = append(r.tally.fired, firedMove{g.ID, contact, entered, why})
	if entered {
		r.count(g, 1, 0, why.cause)
	} else {
		r.count(g, 0, 1, why.cause)
	}
}

// inBulk returns the moves of a segment's wave in the span of chunk. Chunks come in ascending order, so it turns the
// previous span into a row.
func (r *round) inBulk(g *running, chunk int64, why origin) *moves {
	span := chunk * chunkSize / models.SegmentSpan
	if m := r.tally.bulk[g]; m != nil && m.span == span {
		return m
	}
	r.leaveSpan(g)
	if r.tally.bulk == nil {
		r.tally.bulk = map[*running]*moves{}
	}
	m := r.tally.bulk[g]
	if m == nil {
		m = &moves{}
		r.tally.bulk[g] = m
	}
	m.span, m.origin = span, why
	return m
}

// leaveSpan turns a segment's moves in its current span into a row.
func (r *round) leaveSpan(g *running) {
	if m := r.tally.bulk[g]; m != nil && len(m.entered)+len(m.departed) > 0 {
		r.tally.rows = append(r.tally.rows, models.SegmentBulkChange{WorkspaceID: r.workspace, ID: models.NewID(r.now), SegmentID: g.ID, Span: m.span,
			Entered: models.NewSegmentSet(m.entered), Departed: models.NewSegmentSet(m.departed), Cause: m.origin.cause, UserID: m.origin.user, At: r.now})
		m.entered, m.departed = m.entered[:0], m.departed[:0]
	}
}

func (r *round) count(g *running, entered, departed int64, cause models.SegmentCause) {
	day := r.day(g)
	in, out := &day.EnteredRule, &day.DepartedRule
	switch cause {
	case models.CauseCall:
		in, out = &day.EnteredCall, &day.DepartedCall
	case models.CauseEdit:
		in, out = &day.EnteredEdit, &day.DepartedEdit
	case models.CauseImport:
		in, out = &day.EnteredImport, &day.DepartedImport
	case models.CauseTime:
		in, out = &day.EnteredTime, &day.DepartedTime
	}
	*in, *out = *in+entered, *out+departed
	g.MemberCount += entered - departed
}

// day returns today's record of the segment, even if no contact moves.
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

// saveTally writes the moves, the sizes and the day's figures.
func (r *round) saveTally() error {
	if err := r.saveSingles(); err != nil {
		return err
	}
	if err := r.fire(); err != nil {
		return models.In("events for automations", err)
	}
	if err := r.saveMoves(); err != nil {
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

func (r *round) saveSingles() error {
	if r.tx.Name() == string(store.Postgres) {
		return saveChangesPostgres(r.tx, r.tally.singles)
	}
	return inBatches(r.tally.singles, func(rows []models.SegmentChange) error { return r.tx.Create(&rows).Error })
}

// saveMoves writes the moves of waves, and forgets them. Between two spans it may be called early, so that few are in memory.
func (r *round) saveMoves() error {
	for _, g := range r.segments {
		r.leaveSpan(g)
	}
	rows := r.tally.rows
	r.tally.rows = rows[:0]
	return r.saveBulk(rows)
}

func (r *round) saveBulk(rows []models.SegmentBulkChange) error {
	if r.tx.Name() == string(store.Postgres) {
		return saveBulkPostgres(r.tx, rows)
	}
	return inBatches(rows, func(rows []models.SegmentBulkChange) error { return r.tx.Create(&rows).Error })
}

// saveSizes writes the member counts in one statement.
func (r *round) saveSizes(changed []*running) error {
	var sizes strings.Builder
	var values []any
	var ids []int64
	for _, g := range changed {
		sizes.WriteString(" WHEN id = ? THEN CAST(? AS bigint)")
		values = append(values, g.ID, g.MemberCount)
		ids = append(ids, g.ID)
	}
	return r.tx.Exec("UPDATE segments SET member_count = CASE"+sizes.String()+" ELSE member_count END WHERE workspace_id = ? AND id IN ?",
		append(values, r.workspace, ids)...).Error
}

var dayColumns = []string{"entered_call", "entered_edit", "entered_import", "entered_time", "entered_rule",
	"departed_call", "departed_edit", "departed_import", "departed_time", "departed_rule"}

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

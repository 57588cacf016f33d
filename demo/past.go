package demo

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// past computes the size of the segments on each day before the request log begins, as if they had always existed: from
// when their contacts came, changed, or moved because of time.
type past struct {
	from, to time.Time
	zone     *time.Location
	schema   rule.Schema
	rules    []rule.Matcher                  // in the order of creation: a rule refers only to earlier ones
	days     []map[string]*models.SegmentDay // by rule and day, without sizes
}

// tellPast writes the segments' days before the request log begins. They replace the records of the first build.
func (t *teller) tellPast(ctx context.Context) error {
	store := segments.Store{DB: t.db, Now: t.now}
	schema, err := store.SchemaOf(ctx, t.workspace)
	if err != nil {
		return err
	}
	p := &past{from: t.plan.growth.from, to: t.plan.log.from, zone: t.workspace.Location(), schema: schema}
	for _, g := range schema.Segments {
		matcher, err := rule.Compile(rule.OfSegment(g), schema)
		if err != nil {
			return err
		}
		p.rules, p.days = append(p.rules, matcher), append(p.days, map[string]*models.SegmentDay{})
	}
	if err := p.readAll(ctx, t.db, t.workspace.ID); err != nil {
		return err
	}
	return t.db.Write(ctx, func(tx *gorm.DB) error { return p.save(tx, t.workspace.ID) })
}

// readAll follows every contact.
func (p *past) readAll(ctx context.Context, db *store.DB, workspace int64) error {
	for after := int64(0); ; {
		var page []models.Contact
		if err := db.Read(ctx).Where("workspace_id = ? AND id > ?", workspace, after).Order("id").Limit(2000).Find(&page).Error; err != nil || len(page) == 0 {
			return err
		}
		last := page[len(page)-1].ID
		var rows []models.ContactTag
		if err := db.Read(ctx).Where("workspace_id = ? AND contact_id > ? AND contact_id <= ?", workspace, after, last).Find(&rows).Error; err != nil {
			return err
		}
		tags := map[int64][]int64{}
		for _, row := range rows {
			tags[row.ContactID] = append(tags[row.ContactID], row.TagID)
		}
		for i := range page {
			p.follow(&page[i], tags[page[i].ID])
		}
		after = last
	}
}

// follow records on which days a contact entered and left each segment.
func (p *past) follow(c *models.Contact, tags []int64) {
	in := make([]bool, len(p.rules))
	changes := []time.Time{c.CreatedAt}
	for _, at := range []*time.Time{c.SubscribedAt, c.UnconfirmedAt, c.UnsubscribedAt} {
		if at != nil && at.After(c.CreatedAt) {
			changes = append(changes, *at)
		}
	}
	slices.SortFunc(changes, time.Time.Compare)
	for i, at := range changes {
		until := p.to.Add(time.Microsecond) // with the moves at p.to, which is midnight for some demos: the first build has them
		if i+1 < len(changes) && changes[i+1].Before(until) {
			until = changes[i+1]
		}
		for byTime := false; at.Before(until); byTime = true {
			at = p.look(c, tags, at, in, byTime)
			if at.IsZero() {
				break
			}
		}
	}
}

// look records the contact's memberships at an instant, and returns the next instant at which time changes them.
func (p *past) look(c *models.Contact, tags []int64, at time.Time, in []bool, byTime bool) (next time.Time) {
	then := *c
	then.Status, then.UpdatedAt = c.StatusBefore(at.Add(time.Microsecond)), at
	subject, moment := rule.SubjectOf(then, tags), p.schema.At(at)
	subject.In = func(segment int64) bool {
		i := slices.IndexFunc(p.schema.Segments, func(g models.Segment) bool { return g.ID == segment })
		return i >= 0 && in[i]
	}
	day := models.DayName(at, p.zone)
	for i, rule := range p.rules {
		if is := rule.Match(&subject, moment); is != in[i] {
			in[i] = is
			p.moved(i, day, is, byTime)
		}
		if soon := rule.Next(&subject, moment); !soon.IsZero() && (next.IsZero() || soon.Before(next)) {
			next = soon
		}
	}
	return next
}

func (p *past) moved(rule int, day string, entered, byTime bool) {
	d := p.days[rule][day]
	if d == nil {
		d = &models.SegmentDay{Day: day}
		p.days[rule][day] = d
	}
	switch {
	case entered && byTime:
		d.EnteredTime++
	case entered:
		d.EnteredCall++
	case byTime:
		d.DepartedTime++
	default:
		d.DepartedCall++
	}
}

// save writes the days up to the first one of the request log, for which the first build has written a row.
func (p *past) save(tx *gorm.DB, workspace int64) error {
	if err := tx.Where("workspace_id = ?", workspace).Delete(&models.SegmentBulkChange{}).Error; err != nil {
		return err
	}
	if err := tx.Model(&models.SegmentDay{}).Where("workspace_id = ?", workspace).Update("entered_rule", 0).Error; err != nil {
		return err
	}
	if err := tx.Model(&models.Segment{}).Where("workspace_id = ?", workspace).UpdateColumns(map[string]any{"created_at": p.from, "updated_at": p.from}).Error; err != nil {
		return err
	}
	var rows []models.SegmentDay
	for i, g := range p.schema.Segments {
		size := int64(0)
		for _, day := range models.DaysFrom(p.from, p.zone, models.DayName(p.to, p.zone)) {
			d := p.days[i][day]
			if d == nil {
				continue
			}
			size += d.EnteredCall + d.EnteredTime - d.DepartedCall - d.DepartedTime
			d.WorkspaceID, d.SegmentID, d.Size = workspace, g.ID, size
			rows = append(rows, *d)
		}
		if d := p.days[i][models.DayName(p.to, p.zone)]; d != nil {
			err := tx.Exec(`UPDATE segment_days SET entered_call = entered_call + ?, entered_time = entered_time + ?, departed_call = departed_call + ?,
				departed_time = departed_time + ? WHERE workspace_id = ? AND segment_id = ? AND day = ?`, d.EnteredCall, d.EnteredTime, d.DepartedCall, d.DepartedTime,
				workspace, g.ID, models.DayName(p.to, p.zone)).Error
			if err != nil {
				return err
			}
		}
	}
	return tx.CreateInBatches(&rows, 200).Error
}

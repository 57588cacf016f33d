package segments

import (
	"time"

	"campaignlark/models"
)

// Schema is what a workspace's rules can speak of. NewSchema makes it ready for use.
type Schema struct {
	MergeTags []models.MergeTag // without those that are being deleted
	Tags      []models.Tag      // likewise
	Segments  []models.Segment
	Webhooks  []models.Webhook // the deleted ones too, so that a sentence can name them
	Location  *time.Location   // the workspace's time zone; nil is UTC

	fields   map[int64]models.MergeTag
	tags     map[int64]models.Tag
	segments map[int64]models.Segment
	webhooks map[int64]models.Webhook
}

// NewSchema returns s, of which the exported fields are given, ready for use.
func NewSchema(s Schema) Schema {
	if s.Location == nil {
		s.Location = time.UTC
	}
	s.fields = byID(s.MergeTags, func(m models.MergeTag) int64 { return m.ID })
	s.tags = byID(s.Tags, func(t models.Tag) int64 { return t.ID })
	s.segments = byID(s.Segments, func(g models.Segment) int64 { return g.ID })
	s.webhooks = byID(s.Webhooks, func(w models.Webhook) int64 { return w.ID })
	return s
}

func byID[T any](all []T, id func(T) int64) map[int64]T {
	m := make(map[int64]T, len(all))
	for _, t := range all {
		m[id(t)] = t
	}
	return m
}

// Moment is an instant at which rules are evaluated, with the day that it falls on in the workspace's time zone.
type Moment struct {
	now time.Time
}

// At is the moment of an instant.
func (s Schema) At(now time.Time) Moment { return Moment{now: now} }

// Cycle returns the names on the way from the segment back to itself, when it got the rule g: X, Y, X for a rule of X that
// speaks of Y, whose rule speaks of X. It is nil when there is no such way. The id of a segment that is not stored yet
// is 0.
func (s Schema) Cycle(id int64, g Group) []string { return nil }

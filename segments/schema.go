package segments

import (
	"slices"
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
	zone     *zone
	gone     map[goneThing]string // names
}

// NewSchema returns s, of which the exported fields are given, ready for use.
func NewSchema(s Schema) Schema {
	if s.Location == nil {
		s.Location = time.UTC
	}
	s.zone = newZone(s.Location)
	s.fields = byID(s.MergeTags, func(m models.MergeTag) int64 { return m.ID })
	s.tags = byID(s.Tags, func(t models.Tag) int64 { return t.ID })
	s.segments = byID(s.Segments, func(g models.Segment) int64 { return g.ID })
	s.webhooks = byID(s.Webhooks, func(w models.Webhook) int64 { return w.ID })
	return s
}

// ByName returns the workspace's segments by name.
func (s Schema) ByName() []models.Segment {
	return slices.SortedFunc(slices.Values(s.Segments), byName)
}

func byID[T any](all []T, id func(T) int64) map[int64]T {
	m := make(map[int64]T, len(all))
	for _, t := range all {
		m[id(t)] = t
	}
	return m
}

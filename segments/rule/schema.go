package rule

import (
	"cmp"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/segments/calendar"
)

// Schema holds everything that a workspace's rules can refer to. Create it with NewSchema.
type Schema struct {
	MergeTags []models.MergeTag // without deleted ones
	Tags      []models.Tag      // likewise
	Segments  []models.Segment
	Webhooks  []models.Webhook // including deleted ones, so that a sentence can name them
	Location  *time.Location   // the workspace's time zone; nil is UTC

	fields   map[int64]models.MergeTag
	tags     map[int64]models.Tag
	segments map[int64]models.Segment
	webhooks map[int64]models.Webhook
	zone     *calendar.Zone
	Deleted  map[DeletedRef]string // names
}

// NewSchema prepares s, whose exported fields are set, for use.
func NewSchema(s Schema) Schema {
	if s.Location == nil {
		s.Location = time.UTC
	}
	s.zone = calendar.New(s.Location)
	s.fields = ByID(s.MergeTags, func(m models.MergeTag) int64 { return m.ID })
	s.tags = ByID(s.Tags, func(t models.Tag) int64 { return t.ID })
	s.segments = ByID(s.Segments, func(g models.Segment) int64 { return g.ID })
	s.webhooks = ByID(s.Webhooks, func(w models.Webhook) int64 { return w.ID })
	return s
}

// ByName returns the workspace's segments by name.
func (s Schema) ByName() []models.Segment {
	return slices.SortedFunc(slices.Values(s.Segments), ByName)
}

func ByID[T any](all []T, id func(T) int64) map[int64]T {
	m := make(map[int64]T, len(all))
	for _, t := range all {
		m[id(t)] = t
	}
	return m
}

// DependsOnTimeZone reports whether the condition's result depends on the workspace's time zone.
func (s Schema) DependsOnTimeZone(c Condition) bool {
	switch kind, _ := s.Kind(c); kind {
	case KindInstant:
		return c.Operator != IsSet && c.Operator != IsNotSet && c.Operator != InLastHours
	case KindSource:
		return c.Days != nil
	default:
		return kind == kindDate
	}
}

func ByName(a, b models.Segment) int {
	return cmp.Or(cmp.Compare(models.Fold(a.Name), models.Fold(b.Name)), cmp.Compare(a.ID, b.ID))
}

package rule

import (
	"fmt"
	"slices"
	"strings"

	"campaignlark/models"
)

// CheckFor is Check for the rule of a segment, 0 for a new one. It also reports conditions by which the segment would
// refer to itself.
func (g Group) CheckFor(s Schema, id int64) (Group, Problems) {
	checked, problems := g.Check(s)
	if id != 0 {
		problems = append(problems, s.cycles(id, checked, "")...)
	}
	return checked, problems
}

// cycles returns the conditions of a group by which the segment would refer to itself.
func (s Schema) cycles(id int64, g Group, at string) (found Problems) {
	for i, f := range g.Filters {
		at := Place(at, i)
		if f.Group != nil {
			found = append(found, s.cycles(id, *f.Group, at)...)
			continue
		}
		if message := s.cycleMessage(id, *f.Condition); message != "" {
			found = append(found, Problem{At: at, Part: "value", Message: message})
		}
	}
	return found
}

// cycleMessage says how a condition leads back to the segment; "" if it does not. A path through an old rule that is being
// replaced counts until the swap, because both rules may be evaluated until then.
func (s Schema) cycleMessage(id int64, c Condition) string {
	from := (Group{Filters: []Filter{Of(c)}}).Segments()
	if way := s.wayTo(id, from, lastSpokenOf, map[int64]bool{}); way != nil {
		return fmt.Sprintf("%s cannot be part of its own rule: %s.", s.segments[id].Name, strings.Join(s.names(id, way), " → "))
	}
	way := s.wayTo(id, from, spokenOf, map[int64]bool{})
	if way == nil {
		return ""
	}
	old := slices.IndexFunc(way, func(id int64) bool { return s.segments[id].BuildingRule != nil })
	return fmt.Sprintf("Please wait: %s has a new rule that is still being built. Until then its old rule leads back here: %s. Save again when it is built.",
		s.segments[way[old]].Name, strings.Join(s.names(id, way), " → "))
}

// names returns the names of a segment and of those on a path from it.
func (s Schema) names(id int64, way []int64) []string {
	all := []string{s.segments[id].Name}
	for _, id := range way {
		all = append(all, s.segments[id].Name)
	}
	return all
}

// wayTo returns the segments on a path from the segments in from to the segment id, which is the last; nil if there is
// none. spoken returns the segments that a segment's rules refer to.
func (s Schema) wayTo(id int64, from []int64, spoken func(models.Segment) []int64, tried map[int64]bool) []int64 {
	for _, next := range from {
		if next == id {
			return []int64{id}
		}
		if g, ok := s.segments[next]; ok && !tried[next] {
			tried[next] = true
			if way := s.wayTo(id, spoken(g), spoken, tried); way != nil {
				return append([]int64{next}, way...)
			}
		}
	}
	return nil
}

// spokenOf returns the segments that a segment's rules refer to: the visible rule and the one being built.
func spokenOf(g models.Segment) []int64 {
	served, _ := Parse(g.Rule)
	ids := served.Segments()
	if g.BuildingRule != nil {
		ids = append(ids, lastSpokenOf(g)...)
	}
	return ids
}

// lastSpokenOf returns the segments that a segment's latest rule refers to.
func lastSpokenOf(g models.Segment) []int64 { return OfSegment(g).Segments() }

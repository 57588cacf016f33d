package handlers

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/views"
)

// segmentSorts are the orders of the list of segments, as its field has them.
var segmentSorts = []views.Option{{Label: "By name, A to Z"}, {Value: "name-desc", Label: "By name, Z to A"}, {Value: "size-desc", Label: "Most contacts first"},
	{Value: "size-asc", Label: "Fewest contacts first"}, {Value: "moved-desc", Label: "Most moved today first"}, {Value: "moved-asc", Label: "Fewest moved today first"}}

// segmentStates are the states by which the list is filtered.
var segmentStates = []views.Option{{Label: "Any state"}, {Value: "ready", Label: "Up to date"}, {Value: "building", Label: "Being built"}, {Value: "broken", Label: "Broken"}}

// chooseSegments applies the URL's filters and order to the list, which is sorted by name. What it does not know it leaves out.
func (v *visit) chooseSegments(m *views.SegmentsModel) {
	m.All, m.Total = m.Segments, len(m.Segments)
	m.Search, m.State, m.Sort = cleanText(v.Query("q")), cleanText(v.Query("state")), knownSort(v.Query("sort"), segmentSorts)
	m.States, m.Sorts = segmentStates, segmentSorts
	m.SortHrefs = hrefsBySort(v.path("segments"), url.Values{"q": {m.Search}, "state": {m.State}}, segmentSorts)
	search := models.SortKey(models.CleanName(m.Search))
	m.Segments = slices.DeleteFunc(slices.Clone(m.Segments), func(s views.SegmentRow) bool { return !segmentMatches(s, search, m.State) })
	orders := map[string]func(a, b views.SegmentRow) int{
		"size-desc":  func(a, b views.SegmentRow) int { return cmp.Compare(b.Contacts, a.Contacts) },
		"size-asc":   func(a, b views.SegmentRow) int { return cmp.Compare(a.Contacts, b.Contacts) },
		"moved-desc": func(a, b views.SegmentRow) int { return cmp.Compare(b.In+b.Out, a.In+a.Out) },
		"moved-asc":  func(a, b views.SegmentRow) int { return cmp.Compare(a.In+a.Out, b.In+b.Out) },
	}
	if m.Sort == "name-desc" {
		slices.Reverse(m.Segments)
	} else if order := orders[m.Sort]; order != nil {
		slices.SortStableFunc(m.Segments, order)
	}
}

// segmentMatches reports whether a segment is in a state, and its name or its rule in words contains a text, accents aside.
func segmentMatches(s views.SegmentRow, search, state string) bool {
	is := "ready"
	switch {
	case s.Broken != "":
		is = "broken"
	case s.Building:
		is = "building"
	}
	if slices.ContainsFunc(segmentStates[1:], func(o views.Option) bool { return o.Value == state }) && is != state {
		return false
	}
	var words strings.Builder
	for _, w := range s.Words {
		words.WriteString(w.Text)
	}
	return strings.Contains(models.SortKey(s.Name), search) || strings.Contains(models.SortKey(words.String()), search)
}

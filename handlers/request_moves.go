package handlers

import (
	"slices"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"
)

// callChange is something that a call changed: in words, and which conditions of rules read it.
type callChange struct {
	words string
	read  func(rule.Condition) bool
}

// maxMoveCauses is how many changes the note at a move names.
const maxMoveCauses = 2

// moveCause says which changes of the call a segment's rule reads: "since status became Subscribed"; "" if the log does not tell.
func moveCause(move store.SegmentMove, changes []callChange) string {
	served, problems := rule.Parse(move.Rule)
	if len(problems) > 0 {
		return ""
	}
	var causes []string
	for _, c := range changes {
		if len(causes) < maxMoveCauses && served.Any(c.read) {
			causes = append(causes, c.words)
		}
	}
	if causes == nil {
		return ""
	}
	return "since " + strings.Join(causes, " and ")
}

// changes lists what the call changed of its contact, what people look for first. Support staff see masked values, so they see none here.
func (t *story) changes(tags []models.Tag) (all []callChange) {
	add := func(words string, types ...rule.Type) {
		all = append(all, callChange{words, func(c rule.Condition) bool { return slices.Contains(types, c.Type) }})
	}
	before, after := t.body.Before, t.body.After
	switch {
	case after == nil:
		return nil
	case before == nil:
		add("the contact was created as "+after.Status.Name(), rule.TypeStatus)
	case before.Status != after.Status:
		add("status became "+after.Status.Name(), rule.TypeStatus)
	}
	for _, tag := range tags {
		if slices.Contains(t.body.TagsAdded, tag.Name) {
			all = append(all, callChange{"it got the tag “" + tag.Name + "”", rule.TagRef(tag).UsedBy})
		}
	}
	for _, f := range t.body.Fields {
		if f.MergeTagID == 0 || f.Before == f.After || f.Fate != intake.FateStored && f.Fate != intake.FateDefault {
			continue
		}
		words := f.Label + " changed"
		if !t.support {
			words = f.Label + " became “" + models.Shorten(models.NameInvisible(f.After), 60) + "”"
		}
		all = append(all, callChange{words, rule.MergeTagRef(models.MergeTag{ID: f.MergeTagID}).UsedBy})
	}
	if before == nil {
		add("the contact was created", rule.TypeCreatedBy, rule.TypeCreatedAt, rule.TypeEmail)
	}
	if after.Status == models.StatusSubscribed && (before == nil || before.Status != after.Status) {
		add("it was subscribed", rule.TypeSubscribedAt)
	}
	add("this webhook was called for it", rule.TypeTouchedBy)
	add("it changed", rule.TypeChangedAt)
	add("another segment changed", rule.TypeSegment)
	return all
}

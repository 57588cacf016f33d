package automations

import (
	"context"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/segments/rule"
)

// Used is a thing that definitions refer to and people can delete, by its subject in the audit log.
type Used struct {
	Subject string
	ID      int64
}

// usedBy is the subject of what a condition refers to.
var usedBy = map[rule.Type]string{rule.TypeField: models.SubjectMergeTag, rule.TypeTags: models.SubjectTag, rule.TypeSegment: models.SubjectSegment,
	rule.TypeCreatedBy: models.SubjectWebhook, rule.TypeTouchedBy: models.SubjectWebhook}

// Uses lists the tags, merge tags, segments, webhooks and destinations that the definition refers to, each once.
func (d Definition) Uses() (all []Used) {
	add := func(subject string, ids ...int64) {
		for _, id := range ids {
			if u := (Used{subject, id}); id != 0 && !slices.Contains(all, u) {
				all = append(all, u)
			}
		}
	}
	for _, t := range d.Triggers {
		add(models.SubjectWebhook, t.WebhookIDs...)
		add(models.SubjectTag, t.TagIDs...)
		add(models.SubjectSegment, t.SegmentIDs...)
		add(models.SubjectMergeTag, t.FieldIDs...)
	}
	d.anyCondition(func(c rule.Condition) bool {
		if c.Type == rule.TypeField {
			add(models.SubjectMergeTag, c.FieldID)
		} else if subject := usedBy[c.Type]; subject != "" {
			ids, _ := c.IDs()
			add(subject, ids...)
		}
		return false
	})
	for _, s := range d.Steps {
		add(models.SubjectTag, s.TagID)
		add(models.SubjectMergeTag, s.FieldID)
		add(models.SubjectDestination, s.DestinationID)
	}
	return all
}

// UsesChoices reports whether the definition refers to choices that are removed from a merge tag: in a rule, or as the value of a step.
func (d Definition) UsesChoices(m models.MergeTag, removed []string) bool {
	if d.anyCondition(rule.ChoicesRef(m, removed).UsedBy) {
		return true
	}
	return slices.ContainsFunc(d.Steps, func(s Step) bool {
		stored, _ := m.Read(models.Text(s.Value), nil) // "" if it does not fit
		return s.Type == StepSetField && s.FieldID == m.ID && slices.ContainsFunc(strings.Split(stored, "\n"), func(choice string) bool { return slices.Contains(removed, choice) })
	})
}

// anyCondition reports whether f is true for a condition of one of the definition's rules.
func (d Definition) anyCondition(f func(rule.Condition) bool) bool {
	if d.Rule != nil && d.Rule.Any(f) {
		return true
	}
	return slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Rule != nil && s.Rule.Any(f) })
}

// UsersOf returns the automations whose definitions refer to a thing.
func UsersOf(all []Listed, u Used) (users []Listed) {
	for _, a := range all {
		if slices.Contains(a.Definition.Uses(), u) {
			users = append(users, a)
		}
	}
	return users
}

// Broken lists the automations that are on and start nothing until they are repaired.
func (s Store) Broken(ctx context.Context, w models.Workspace) ([]Listed, error) {
	all, err := s.Definitions(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	if all = slices.DeleteFunc(all, func(a Listed) bool { return !a.Enabled }); len(all) == 0 {
		return nil, nil
	}
	things, err := s.ThingsOf(ctx, w)
	return slices.DeleteFunc(all, func(a Listed) bool { return len(a.Definition.Check(things)) == 0 }), err
}

package rule

import (
	"slices"

	"campaignlark/models"
)

// Reference is what rules can speak of and people can delete: a tag, a merge tag, a choice of one, a webhook or a segment.
type Reference struct {
	UsedBy func(Condition) bool // whether a condition is about it
	Gone   string               // why a rule that speaks of it is broken once it is deleted
}

func reference(gone string, speaks func(Condition) bool) Reference { return Reference{speaks, gone} }

// TagRef is a tag that rules may speak of.
func TagRef(t models.Tag) Reference {
	return reference("The tag “"+t.Name+"” was deleted.", func(c Condition) bool { return c.Type == TypeTags && c.names(t.ID) })
}

// MergeTagRef is a merge tag that rules may speak of.
func MergeTagRef(m models.MergeTag) Reference {
	return reference("The merge tag “"+m.Label+"” was deleted.", func(c Condition) bool { return c.Type == TypeField && c.FieldID == m.ID })
}

// ChoicesRef are choices of a merge tag that rules may speak of.
func ChoicesRef(m models.MergeTag, choices []string) Reference {
	gone := "A choice that this rule uses was taken away from “" + m.Label + "”."
	if len(choices) == 1 {
		gone = "The choice “" + choices[0] + "” was taken away from “" + m.Label + "”."
	}
	return reference(gone, func(c Condition) bool {
		return c.Type == TypeField && c.FieldID == m.ID && slices.ContainsFunc(c.Value.Texts, func(t string) bool { return slices.Contains(choices, t) })
	})
}

// WebhookRef is a webhook that rules may speak of.
func WebhookRef(w models.Webhook) Reference {
	return reference("The webhook “"+w.Name+"” was deleted.", func(c Condition) bool {
		return (c.Type == TypeCreatedBy || c.Type == TypeTouchedBy) && c.names(w.ID)
	})
}

// SegmentRef is a segment that the rules of others may speak of.
func SegmentRef(g models.Segment) Reference {
	return reference("The segment “"+g.Name+"” was deleted.", func(c Condition) bool { return c.Type == TypeSegment && c.names(g.ID) })
}

// AddressRef is an e-mail address, as it is stored, that rules may name. They keep it when its contact is erased.
func AddressRef(email string) Reference {
	return reference("", func(c Condition) bool { return c.Type == TypeEmail && slices.Contains(c.Value.Texts, email) })
}

// names reports whether the id is among the condition's values.
func (c Condition) names(id int64) bool {
	ids, _ := c.IDs()
	return slices.Contains(ids, id)
}

// Users returns those of the segments whose rule speaks of the thing: the rule that is shown, or the one being built.
func (t Reference) Users(all []models.Segment) (users []models.Segment) {
	for _, g := range all {
		served, _ := Parse(g.Rule)
		if served.Any(t.UsedBy) || OfSegment(g).Any(t.UsedBy) {
			users = append(users, g)
		}
	}
	return users
}

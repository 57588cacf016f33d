package rule

import (
	"slices"

	"campaignlark/models"
)

// Reference is a thing that rules can refer to and people can delete: a tag, a merge tag, one of its choices, a webhook or
// a segment.
type Reference struct {
	UsedBy func(Condition) bool // whether a condition refers to it
	Gone   string               // why a rule that refers to it is broken after its deletion
}

func reference(gone string, speaks func(Condition) bool) Reference { return Reference{speaks, gone} }

// TagRef returns the reference to a tag.
func TagRef(t models.Tag) Reference {
	return reference("The tag “"+t.Name+"” was deleted.", func(c Condition) bool { return c.Type == TypeTags && c.names(t.ID) })
}

// MergeTagRef returns the reference to a merge tag.
func MergeTagRef(m models.MergeTag) Reference {
	return reference("The merge tag “"+m.Label+"” was deleted.", func(c Condition) bool { return c.Type == TypeField && c.FieldID == m.ID })
}

// ChoicesRef returns the reference to choices of a merge tag.
func ChoicesRef(m models.MergeTag, choices []string) Reference {
	gone := "A choice that this rule uses was taken away from “" + m.Label + "”."
	if len(choices) == 1 {
		gone = "The choice “" + choices[0] + "” was taken away from “" + m.Label + "”."
	}
	return reference(gone, func(c Condition) bool {
		return c.Type == TypeField && c.FieldID == m.ID && slices.ContainsFunc(c.Value.Texts, func(t string) bool { return slices.Contains(choices, t) })
	})
}

// WebhookRef returns the reference to a webhook.
func WebhookRef(w models.Webhook) Reference {
	return reference("The webhook “"+w.Name+"” was deleted.", func(c Condition) bool {
		return (c.Type == TypeCreatedBy || c.Type == TypeTouchedBy) && c.names(w.ID)
	})
}

// SegmentRef returns the reference to a segment.
func SegmentRef(g models.Segment) Reference {
	return reference("The segment “"+g.Name+"” was deleted.", func(c Condition) bool { return c.Type == TypeSegment && c.names(g.ID) })
}

// AddressRef returns the reference to a stored e-mail address. Rules keep it after its contact is erased.
func AddressRef(email string) Reference {
	return reference("", func(c Condition) bool { return c.Type == TypeEmail && slices.Contains(c.Value.Texts, email) })
}

// names reports whether the id is among the condition's values.
func (c Condition) names(id int64) bool {
	ids, _ := c.IDs()
	return slices.Contains(ids, id)
}

// Users returns the segments whose rule refers to the thing: the visible rule or the one being built.
func (t Reference) Users(all []models.Segment) (users []models.Segment) {
	for _, g := range all {
		served, _ := Parse(g.Rule)
		if served.Any(t.UsedBy) || OfSegment(g).Any(t.UsedBy) {
			users = append(users, g)
		}
	}
	return users
}

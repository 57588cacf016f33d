package segments

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Thing is what rules can speak of and people can delete: a tag, a merge tag, a choice of one, a webhook or a segment.
type Thing struct {
	speaks func(Condition) bool // whether a condition is about it
	gone   string               // why a rule that speaks of it is broken once it is deleted
}

func thing(gone string, speaks func(Condition) bool) Thing { return Thing{speaks, gone} }

// TheTag is a tag that rules may speak of.
func TheTag(t models.Tag) Thing {
	return thing("The tag “"+t.Name+"” was deleted.", func(c Condition) bool { return c.Type == TypeTags && c.names(t.ID) })
}

// TheMergeTag is a merge tag that rules may speak of.
func TheMergeTag(m models.MergeTag) Thing {
	return thing("The merge tag “"+m.Label+"” was deleted.", func(c Condition) bool { return c.Type == TypeField && c.FieldID == m.ID })
}

// TheChoices are choices of a merge tag that rules may speak of.
func TheChoices(m models.MergeTag, choices []string) Thing {
	gone := "A choice that this rule uses was taken away from “" + m.Label + "”."
	if len(choices) == 1 {
		gone = "The choice “" + choices[0] + "” was taken away from “" + m.Label + "”."
	}
	return thing(gone, func(c Condition) bool {
		return c.Type == TypeField && c.FieldID == m.ID && slices.ContainsFunc(c.Value.Texts, func(t string) bool { return slices.Contains(choices, t) })
	})
}

// TheWebhook is a webhook that rules may speak of.
func TheWebhook(w models.Webhook) Thing {
	return thing("The webhook “"+w.Name+"” was deleted.", func(c Condition) bool {
		return (c.Type == TypeCreatedBy || c.Type == TypeTouchedBy) && c.names(w.ID)
	})
}

// TheSegment is a segment that the rules of others may speak of.
func TheSegment(g models.Segment) Thing {
	return thing("The segment “"+g.Name+"” was deleted.", func(c Condition) bool { return c.Type == TypeSegment && c.names(g.ID) })
}

// TheAddress is an e-mail address, as it is stored, that rules may speak of by itself. They keep it when its contact is erased.
func TheAddress(email string) Thing {
	return thing("", func(c Condition) bool { return c.Type == TypeEmail && slices.Contains(c.Value.Texts, email) })
}

// names says whether the id is among the condition's values.
func (c Condition) names(id int64) bool {
	ids, _ := c.IDs()
	return slices.Contains(ids, id)
}

// Users returns those of the segments whose rule speaks of the thing: the rule that is shown, or the one being built.
func (t Thing) Users(all []models.Segment) (users []models.Segment) {
	for _, g := range all {
		served, _ := Parse(g.Rule)
		if served.any(t.speaks) || RuleOf(g).any(t.speaks) {
			users = append(users, g)
		}
	}
	return users
}

// Uses returns the segments whose rule speaks of the thing, by name, and then those that would be frozen with them because
// they look at one of them.
func (s Store) Uses(ctx context.Context, workspace int64, t Thing) (users []models.Segment, err error) {
	all, err := s.List(ctx, workspace)
	users = t.Users(all)
	for _, i := range spreadOf(slices.Clone(all), func(g models.Segment) bool { return RuleOf(g).any(t.speaks) }, t.gone) {
		if !slices.ContainsFunc(users, func(g models.Segment) bool { return g.ID == all[i].ID }) {
			users = append(users, all[i])
		}
	}
	return users, err
}

// Freeze returns what has to be done in the transaction that deletes the thing. Unless the deletion is forced it is refused
// with models.CodeConflict as long as a rule speaks of the thing. Forced, each such rule is broken from then on: the
// segment's members stay as they are, and people are told why, until the rule is repaired.
func Freeze(t Thing, workspace int64, forced bool) func(tx *gorm.DB) error {
	return func(tx *gorm.DB) error {
		return editIn(tx, workspace, func(tx *gorm.DB, all []models.Segment) error { return freeze(tx, t, all, forced) })
	}
}

func freeze(tx *gorm.DB, t Thing, all []models.Segment, forced bool) error {
	users := t.Users(all)
	if len(users) > 0 && !forced {
		return &models.Error{Code: models.CodeConflict, Message: "Nothing was deleted: " + usedIn(users) + " Open the page again to see them."}
	}
	frozen := spreadOf(all, func(g models.Segment) bool { return RuleOf(g).any(t.speaks) }, t.gone)
	for _, i := range frozen {
		g := all[i]
		err := tx.Model(&models.Segment{}).Where("workspace_id = ? AND id = ?", g.WorkspaceID, g.ID).Update("broken_reason", g.BrokenReason).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// spreadOf breaks those whose latest rule uses what is gone, and all that look at them, and returns their places. A rule that
// is being replaced by one that does without the thing is frozen until then by itself.
func spreadOf(all []models.Segment, uses func(models.Segment) bool, gone string) (found []int) {
	for i := range all {
		if uses(all[i]) {
			all[i].BrokenReason = withReason(all[i].BrokenReason, gone)
			found = append(found, i)
		}
	}
	return append(found, spreadBroken(all)...)
}

// maxReason is from how many bytes on no more is added to why a rule is broken: it is read in a list.
const maxReason = 1000

// withReason adds to why a rule is broken that something more is gone.
func withReason(reason, gone string) string {
	const more = " More that it uses is gone."
	switch {
	case reason == "", reason == looksAtBroken:
		return gone
	case strings.Contains(reason, gone), strings.HasSuffix(reason, more):
		return reason
	case len(reason)+len(gone) > maxReason:
		return reason + more
	}
	return reason + " " + gone
}

// usedIn says in whose rules something is used: "the rule of the segment “Readers” uses it.".
func usedIn(users []models.Segment) string {
	const most = 5
	var names []string
	for _, g := range users[:min(len(users), most)] {
		names = append(names, "“"+g.Name+"”")
	}
	if more := len(users) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	if len(users) == 1 {
		return "the rule of the segment " + names[0] + " uses it."
	}
	return "the rules of the segments " + strings.Join(names, ", ") + " use it."
}

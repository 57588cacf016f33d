package segments

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// Uses returns the segments whose rule uses the reference, by name. Then come the segments that would be frozen with them,
// because they refer to one of them.
func (s Store) Uses(ctx context.Context, workspace int64, t rule.Reference) (users []models.Segment, err error) {
	all, err := s.List(ctx, workspace)
	users = t.Users(all)
	for _, i := range spreadOf(slices.Clone(all), func(g models.Segment) bool { return rule.OfSegment(g).Any(t.UsedBy) }, t.Gone) {
		if !slices.ContainsFunc(users, func(g models.Segment) bool { return g.ID == all[i].ID }) {
			users = append(users, all[i])
		}
	}
	return users, err
}

// Freeze returns the part of a deletion that checks rules; run it in the transaction that deletes the thing. If any rule
// uses the reference, it refuses with models.CodeConflict, unless forced. Forced, it breaks these rules: until a rule is
// repaired, the segment keeps its members and pages show the reason.
func Freeze(t rule.Reference, workspace int64, forced bool) func(tx *gorm.DB) error {
	return func(tx *gorm.DB) error {
		return editIn(tx, workspace, func(tx *gorm.DB, all []models.Segment) error { return freeze(tx, t, all, forced) })
	}
}

func freeze(tx *gorm.DB, t rule.Reference, all []models.Segment, forced bool) error {
	users := t.Users(all)
	if len(users) > 0 && !forced {
		return &models.Error{Code: models.CodeConflict, Message: "Nothing was deleted: " + usedIn(users) + " Open the page again to see them."}
	}
	frozen := spreadOf(all, func(g models.Segment) bool { return rule.OfSegment(g).Any(t.UsedBy) }, t.Gone)
	for _, i := range frozen {
		g := all[i]
		err := tx.Model(&models.Segment{}).Where("workspace_id = ? AND id = ?", g.WorkspaceID, g.ID).Update("broken_reason", g.BrokenReason).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// spreadOf breaks segments whose latest rule uses the deleted thing, and all that refer to them. It returns their indexes.
// The old membership of a rule that is being replaced stays frozen until the swap.
func spreadOf(all []models.Segment, uses func(models.Segment) bool, gone string) (found []int) {
	for i := range all {
		if uses(all[i]) {
			all[i].BrokenReason = withReason(all[i].BrokenReason, gone)
			found = append(found, i)
		}
	}
	return append(found, spreadBroken(all)...)
}

// maxReason is the length in bytes above which no further reason is added, because lists show the text.
const maxReason = 1000

// withReason adds one more deleted thing to the reason why a rule is broken.
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

// usedIn says which rules use something: "the rule of the segment “Readers” uses it.".
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

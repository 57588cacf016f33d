package segments

import (
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// startBuild starts to build the membership of all[at] from the rule root, and that of all segments that refer to it:
// they are swapped together. The slot is the one already being built, or the lowest free one. It saves all of them except
// a new segment.
func startBuild(tx *gorm.DB, all []models.Segment, at int, root string, userID int64, now time.Time) error {
	total, err := chunkCount(tx, all[at].WorkspaceID)
	if err != nil {
		return err
	}
	var by *int64
	if userID != 0 {
		by = &userID
	}
	all[at].BrokenReason = ""
	together := withThoseThatLookAt(all, at)
	for _, segment := range together {
		if segment.BrokenReason == looksAtBroken {
			segment.BrokenReason = ""
		}
	}
	spreadBroken(all)
	for i, segment := range together {
		if segment.BrokenReason != "" {
			continue // stays frozen
		}
		text := rule.OfSegment(*segment).String()
		if i == 0 {
			text = root
		}
		if segment.BuildingSlot == nil {
			slot := spareSlot(all)
			segment.BuildingSlot = &slot
		}
		segment.BuildingRule, segment.BuiltChunks = &text, 0
		segment.BuildingSince, segment.BuildingUserID = &now, by
		// contacts created later are marked, and a tick also writes the slot that is being built
		segment.TotalChunks = total
		if segment.ID == 0 {
			continue
		}
		if err := saveSegment(tx, *segment); err != nil {
			return err
		}
	}
	return nil
}

// looksAtBroken is why a segment is frozen that refers to one with a broken rule, or to one frozen for this reason. If it
// were not frozen, "not in" a segment that admits no contacts would match every contact.
const looksAtBroken = "It looks at a segment whose rule is broken."

// spreadBroken sets this reason where it applies, and returns the indexes.
func spreadBroken(all []models.Segment) (found []int) {
	broken := map[int64]bool{}
	for _, g := range all {
		if g.BrokenReason != "" {
			broken[g.ID] = true
		}
	}
	for spread := len(broken) > 0; spread; {
		spread = false
		for i := range all {
			if all[i].BrokenReason == "" && slices.ContainsFunc(rule.OfSegment(all[i]).Segments(), func(id int64) bool { return broken[id] }) {
				all[i].BrokenReason, broken[all[i].ID], spread = looksAtBroken, true, true
				found = append(found, i)
			}
		}
	}
	return found
}

// withThoseThatLookAt returns all[at] and then every segment whose latest rule refers to it or to one of the others.
func withThoseThatLookAt(all []models.Segment, at int) []*models.Segment {
	found := []*models.Segment{&all[at]}
	for i := 0; i < len(found); i++ {
		for j := range all {
			if found[i].ID != 0 && !slices.Contains(found, &all[j]) && slices.Contains(rule.OfSegment(all[j]).Segments(), found[i].ID) {
				found = append(found, &all[j])
			}
		}
	}
	return found
}

func spareSlot(all []models.Segment) int {
	used := map[int]bool{}
	for _, g := range all {
		used[g.Slot] = true
		if g.BuildingSlot != nil {
			used[*g.BuildingSlot] = true
		}
	}
	slot := 0
	for used[slot] {
		slot++
	}
	return slot
}

// RebuildDates starts to rebuild the segments whose rules depend on days. It runs in the transaction that changes the
// workspace's time zone, because rules compare an instant by its day there.
func RebuildDates(tx *gorm.DB, workspace, userID int64, now time.Time) error {
	schema, err := loadSchema(tx, workspace)
	if err != nil {
		return err
	}
	return editIn(tx, workspace, func(tx *gorm.DB, all []models.Segment) error {
		for i, segment := range all {
			if segment.BrokenReason != "" || !rule.OfSegment(segment).Any(schema.DependsOnTimeZone) {
				continue
			}
			if err := startBuild(tx, all, i, rule.OfSegment(segment).String(), userID, models.Instant(now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// RootCauses returns the segments to repair before g follows its rule again: segments with a broken rule that g refers to,
// directly or through others. It returns none if g's own rule is the broken one.
func RootCauses(g models.Segment, all []models.Segment) (found []models.Segment) {
	if g.BrokenReason != looksAtBroken {
		return nil
	}
	there, seen := rule.ByID(all, func(g models.Segment) int64 { return g.ID }), map[int64]bool{g.ID: true}
	for left := rule.OfSegment(g).Segments(); len(left) > 0; left = left[1:] {
		at, ok := there[left[0]]
		if !ok || seen[at.ID] {
			continue
		}
		seen[at.ID] = true
		switch at.BrokenReason {
		case "":
		case looksAtBroken:
			left = append(left, rule.OfSegment(at).Segments()...)
		default:
			found = append(found, at)
		}
	}
	return found
}

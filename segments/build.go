package segments

import (
	"database/sql"
	"slices"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// build swaps the slots of finished builds. If there are none, it builds at most n chunks of the segments that are
// furthest behind. It reports whether more is left. Segments at the same chunk are built together.
func (r *round) build(n int64) (more bool, err error) {
	if ready := r.ready(); len(ready) > 0 {
		if err := r.swap(ready); err != nil {
			return false, models.In("build: swap", err)
		}
	} else if group, from, to := r.nextPage(n); len(group) > 0 {
		if err := r.buildPage(group, from, to); err != nil {
			return false, models.In("build", err)
		}
	}
	return slices.ContainsFunc(r.segments, func(g *running) bool { return g.building != nil }), nil
}

func (g *running) finished() bool { return g.building != nil && g.BuiltChunks >= g.TotalChunks }

// swapsAtOnce is how many segments one transaction swaps, unless more depend on each other. A swap writes the moves: with
// 1,000,000 contacts that takes about 10 ms per segment.
func swapsAtOnce(tx *gorm.DB) int {
	if tx.Name() == string(store.SQLite) {
		return 1
	}
	return 16
}

// ready returns segments whose build is finished, each with all segments tied to it, because these are swapped together.
// It returns none if every finished build is tied to an unfinished one.
func (r *round) ready() (ready []*running) {
	seen := map[*running]bool{}
	for _, g := range r.segments {
		if !g.finished() || seen[g] || len(ready) >= swapsAtOnce(r.tx) {
			continue
		}
		together := r.together(g)
		for _, other := range together {
			seen[other] = true
		}
		if !slices.ContainsFunc(together, func(g *running) bool { return !g.finished() }) {
			ready = append(ready, together...)
		}
	}
	return ready
}

// together returns g and all segments being built that are tied to it because one refers to the other, directly or
// through others.
func (r *round) together(g *running) []*running {
	all := []*running{g}
	for i := 0; i < len(all); i++ {
		for _, other := range r.segments {
			if other.building != nil && !slices.Contains(all, other) &&
				(slices.Contains(other.building.looksAt, all[i].ID) || slices.Contains(all[i].building.looksAt, other.ID)) {
				all = append(all, other)
			}
		}
	}
	return all
}

// nextPage chooses the segments that are furthest behind, and the chunks [from, to) to build for them: at most n, but
// not past where another segment stands or the build of one ends.
func (r *round) nextPage(n int64) (group []*running, from, to int64) {
	for _, g := range r.segments {
		switch {
		case g.building == nil || g.finished():
		case len(group) == 0 || g.BuiltChunks < from:
			group, from = []*running{g}, g.BuiltChunks
		case g.BuiltChunks == from:
			group = append(group, g)
		}
	}
	to = from + n
	for _, g := range r.segments {
		if g.building != nil && g.BuiltChunks > from {
			to = min(to, g.BuiltChunks)
		}
	}
	for _, g := range group {
		to = min(to, g.TotalChunks)
	}
	return group, from, to
}

// buildPage writes all bits of the group's slots in the chunks [from, to); old bits of a reused slot are overwritten.
func (r *round) buildPage(group []*running, from, to int64) error {
	bits, err := readChunks(r.tx.Where("chunk >= ? AND chunk < ?", from, to), r.workspace)
	if err != nil {
		return models.In("read bits", err)
	}
	var versions []*version
	for _, v := range r.versions {
		if v == v.of.building && slices.Contains(group, v.of) {
			versions = append(versions, v)
		}
	}
	pages := make([][][slotBytes]byte, len(versions)) // by version and chunk
	for i := range pages {
		pages[i] = make([][slotBytes]byte, to-from)
	}
	e := r.evaluation(versions)
	set := func(subject *rule.Subject) {
		chunk, bit := subject.ID/chunkSize-from, subject.ID%chunkSize
		e.of(subject, bits.now[subject.ID/chunkSize])
		for i, v := range versions {
			if v.in {
				pages[i][chunk][bit/8] |= 1 << (bit % 8)
			}
		}
	}
	if err := eachSubject(r.tx, r.workspace, e.needs(), span(from*chunkSize, to*chunkSize), set); err != nil {
		return models.In("evaluate contacts", err)
	}
	for chunk := from; chunk < to; chunk++ {
		row := bits.now[chunk]
		for i, v := range versions {
			row = row.withSlot(v.slot, pages[i][chunk-from])
		}
		bits.now[chunk] = row
	}
	if err := bits.save(r.tx); err != nil {
		return models.In("write bits", err)
	}
	if err := r.lowerDues(e.dues); err != nil {
		return models.In("write when time changes them", err)
	}
	return models.In("note the progress", r.advance(group, to))
}

// advance stores that the group is built up to a chunk.
func (r *round) advance(group []*running, to int64) error {
	ids := make([]int64, len(group))
	for i, g := range group {
		g.BuiltChunks, ids[i] = to, g.ID
	}
	return store.Among(r.tx.Model(&models.Segment{}).Where("workspace_id = ?", r.workspace), "id", ids).Update("built_chunks", to).Error
}

// swap makes finished builds the visible memberships, all in one transaction, and records the moves.
func (r *round) swap(ready []*running) error {
	if err := r.compareBuilt(ready); err != nil {
		return models.In("compare", err)
	}
	for _, g := range ready {
		g.Slot, g.Rule, g.building = *g.BuildingSlot, *g.BuildingRule, nil
		err := r.update(g, map[string]any{
			"slot": g.Slot, "rule": g.Rule, "building_slot": nil, "building_rule": nil,
			"building_since": nil, "building_user_id": nil, "built_chunks": g.TotalChunks, "built_at": r.now,
		})
		if err != nil {
			return models.In("store the segment", err)
		}
	}
	return models.In("write who entered and left", r.saveTally())
}

// compareBuilt records who enters and leaves the segments by the swap. A segment without a previous slot starts from a member
// count of zero.
func (r *round) compareBuilt(ready []*running) error {
	whys := make([]origin, len(ready))
	for i, g := range ready {
		r.day(g)
		whys[i] = origin{cause: models.CauseRule, user: g.BuildingUserID}
		if g.Slot < 0 {
			g.MemberCount, whys[i].cause = 0, models.CauseFirst
		} else if g.Rule == *g.BuildingRule {
			whys[i].cause = models.CauseBasis
		}
	}
	total, err := chunkCount(r.tx, r.workspace)
	if err != nil {
		return err
	}
	for from := int64(0); from < total; from += comparedAtOnce {
		if err := r.compareBuiltPage(ready, whys, from, from+comparedAtOnce); err != nil {
			return err
		}
		if err := r.saveMoves(); err != nil {
			return err
		}
	}
	return nil
}

// comparedAtOnce is how many chunks compareBuilt reads before it writes the moves: 32 whole spans.
const comparedAtOnce = 32 * models.SegmentSpan / chunkSize

// compareBuiltPage does compareBuilt for the chunks [from, to). It writes nothing.
func (r *round) compareBuiltPage(ready []*running, whys []origin, from, to int64) error {
	rows, err := r.tx.Raw("SELECT chunk, bits FROM segment_bits WHERE workspace_id = ? AND chunk >= ? AND chunk < ? ORDER BY chunk", r.workspace, from, to).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var chunk int64
		var bits sql.RawBytes
		if err := rows.Scan(&chunk, &bits); err != nil {
			return err
		}
		for i, g := range ready {
			var before []byte
			if g.Slot >= 0 {
				before = chunkBits(bits).slot(g.Slot)
			}
			r.compareSlots(g, chunk, before, chunkBits(bits).slot(g.building.slot), whys[i])
		}
	}
	return rows.Err()
}

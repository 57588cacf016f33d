package segments

import (
	"slices"
)

// build builds at most n chunks of what is being built, and swaps the slots of what is finished. It says whether more is
// left.
// Segments that stand at the same chunk are built together.
func (r *round) build(n int64) (more bool, err error) {
	group, from, to := r.nextPage(n)
	if len(group) > 0 && from < to {
		if err := r.buildPage(group, from, to); err != nil {
			return false, err
		}
	}
	for _, g := range group {
		g.BuiltChunks = max(to, g.BuiltChunks)
		if g.BuiltChunks >= g.TotalChunks {
			err = r.swap(g)
		} else {
			err = r.update(g, map[string]any{"built_chunks": g.BuiltChunks})
		}
		if err != nil {
			return false, err
		}
	}
	return slices.ContainsFunc(r.segments, func(g *running) bool { return g.building != nil }), nil
}

// nextPage chooses the segments that are furthest behind and the chunks [from, to) to build for them: n, to the place
// where others wait or some are finished, at most.
func (r *round) nextPage(n int64) (group []*running, from, to int64) {
	for _, g := range r.segments {
		switch {
		case g.building == nil:
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

// buildPage writes the group's slots in the chunks [from, to), all their bits: a slot that was used before keeps none.
func (r *round) buildPage(group []*running, from, to int64) error {
	pages := make([][][slotBytes]byte, len(group)) // by segment and chunk
	for i := range pages {
		pages[i] = make([][slotBytes]byte, to-from)
	}
	set := func(subject *Subject) {
		chunk, bit := subject.ID/chunkSize-from, subject.ID%chunkSize
		for i, g := range group {
			if g.building.Match(subject, r.at) {
				pages[i][chunk][bit/8] |= 1 << (bit % 8)
			}
		}
	}
	if err := eachSubject(r.tx, r.workspace, set, "c.id >= ? AND c.id < ?", from*chunkSize, to*chunkSize); err != nil {
		return err
	}
	bits, err := readChunks(r.tx.Where("chunk >= ? AND chunk < ?", from, to), r.workspace)
	if err != nil {
		return err
	}
	for chunk := from; chunk < to; chunk++ {
		row := bits.now[chunk]
		for i, g := range group {
			row = row.withSlot(*g.BuildingSlot, pages[i][chunk-from])
		}
		bits.now[chunk] = row
	}
	return bits.save(r.tx)
}

// swap makes what was built the membership that people see.
func (r *round) swap(g *running) error {
	count, err := countSlot(r.tx, r.workspace, *g.BuildingSlot)
	if err != nil {
		return err
	}
	g.building = nil
	return r.update(g, map[string]any{
		"slot": *g.BuildingSlot, "rule": *g.BuildingRule, "building_slot": nil, "building_rule": nil,
		"built_chunks": g.TotalChunks, "member_count": count, "built_at": r.now,
	})
}

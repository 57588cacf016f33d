package segments

import (
	"bytes"
	"maps"
	"math/bits"
	"slices"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm/clause"
)

// passTime updates the memberships of at most n chunks that are due: it evaluates all their contacts in all segments
// that passing time can change. It reports whether more chunks are due. While very many marks wait it does nothing.
func (r *round) passTime(n int64) (more bool, err error) {
	var due []int64
	err = r.tx.Model(&models.SegmentDue{}).Where("workspace_id = ? AND due_at <= ?", r.workspace, r.now).Order("chunk").Limit(int(n)).Pluck("chunk", &due).Error
	if err != nil || len(due) == 0 {
		return false, models.In("passing time: read what is due", err)
	}
	if wait, err := r.marksFirst(); wait || err != nil {
		return false, models.In("passing time", err)
	}
	bits, err := readChunks(store.Among(r.tx, "chunk", due), r.workspace)
	if err != nil {
		return false, models.In("passing time: read bits", err)
	}
	e := r.evaluation(r.movedByTime())
	decide := func(subject *rule.Subject) {
		chunk := subject.ID / chunkSize
		row := bits.now[chunk]
		e.of(subject, row)
		for _, v := range e.versions {
			row = row.with(v.slot, subject.ID, v.in)
		}
		bits.now[chunk] = row
	}
	for _, run := range runs(due) {
		if err := eachSubject(r.tx, r.workspace, e.needs(), span(run[0]*chunkSize, (run[1]+1)*chunkSize), decide); err != nil {
			return false, models.In("passing time: evaluate contacts", err)
		}
	}
	if err := r.leaveToMarks(bits, due); err != nil {
		return false, models.In("passing time: read marks", err)
	}
	for _, chunk := range due {
		r.compare(bits, chunk, origin{cause: models.CauseTime})
	}
	if err := bits.save(r.tx); err != nil {
		return false, models.In("passing time: write bits", err)
	}
	if err := r.saveTally(); err != nil {
		return false, models.In("passing time: write who entered and left", err)
	}
	return len(due) == int(n), models.In("passing time: write when time changes them", r.replaceDues(due, e.dues))
}

// movedByTime returns the versions whose result can change with time, by their own conditions or through a segment they
// refer to.
func (r *round) movedByTime() (moved []*version) {
	segments := map[int64]bool{}
	for _, v := range r.versions { // a version comes after those it refers to
		if v.timed || slices.ContainsFunc(v.looksAt, func(id int64) bool { return segments[id] }) {
			moved = append(moved, v)
			segments[v.of.ID] = true
		}
	}
	return moved
}

// runs returns the first and last number of each run of consecutive numbers in a sorted list.
func runs(numbers []int64) (out [][2]int64) {
	for _, n := range numbers {
		if last := len(out) - 1; last >= 0 && out[last][1] == n-1 {
			out[last][1] = n
		} else {
			out = append(out, [2]int64{n, n})
		}
	}
	return out
}

// leaveToMarks resets the bits of contacts with a mark. A call or an edit changed them, and recalculating the mark will
// record that as the cause. It reads the marks after the contacts, so every change that the contacts showed has its
// mark.
func (r *round) leaveToMarks(bits *chunks, due []int64) error {
	marked, err := r.markedIn(due)
	if err != nil {
		return err
	}
	for contact := range marked {
		chunk := contact / chunkSize
		row := bits.now[chunk]
		for _, v := range r.versions {
			row = row.with(v.slot, contact, bits.read[chunk].has(v.slot, contact))
		}
		bits.now[chunk] = row
	}
	return nil
}

// compare records who enters and leaves visible segments: the difference between a chunk as it was read and as it is
// now.
func (r *round) compare(bits *chunks, chunk int64, why origin) {
	before, after := bits.read[chunk], bits.now[chunk]
	if bytes.Equal(before, after) {
		return
	}
	for _, v := range r.versions {
		if v == v.of.shown {
			r.compareSlots(v.of, chunk, before.slot(v.slot), after.slot(v.slot), why)
		}
	}
}

// compareSlots records who enters and leaves the segment: the difference between two states of its slot in a chunk, which
// may be shorter than a slot if bits are missing.
func (r *round) compareSlots(g *running, chunk int64, before, after []byte, why origin) {
	var entered, departed int64
	for i := range slotBytes {
		was, is := byteAt(before, i), byteAt(after, i)
		if was == is {
			continue
		}
		m := r.inBulk(g, chunk, why)
		first := chunk*chunkSize + int64(i)*8
		n, left := len(m.entered), len(m.departed)
		m.entered, m.departed = appendBits(m.entered, first, is&^was), appendBits(m.departed, first, was&^is)
		if why.cause == models.CauseTime {
			r.tally.fireMany(g.ID, m.entered[n:], m.departed[left:], why)
		}
		entered, departed = entered+int64(bits.OnesCount8(is&^was)), departed+int64(bits.OnesCount8(was&^is))
	}
	if entered+departed > 0 {
		r.count(g, entered, departed, why.cause)
	}
}

// appendBits appends the contacts whose bits are set in one byte of a slot.
func appendBits(contacts []int64, first int64, set byte) []int64 {
	for ; set != 0; set &= set - 1 {
		contacts = append(contacts, first+int64(bits.TrailingZeros8(set)))
	}
	return contacts
}

func byteAt(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0
}

// replaceDues stores when the chunks are due next; all their contacts were evaluated.
func (r *round) replaceDues(chunks []int64, next dues) error {
	var none []int64
	for _, chunk := range chunks {
		if _, ok := next[chunk]; !ok {
			none = append(none, chunk)
		}
	}
	if len(none) > 0 {
		if err := store.Among(r.tx.Where("workspace_id = ?", r.workspace), "chunk", none).Delete(&models.SegmentDue{}).Error; err != nil {
			return err
		}
	}
	return r.saveDues(next)
}

// lowerDues stores when some contacts of the chunks are due, unless the chunk is due earlier.
func (r *round) lowerDues(next dues) error {
	if len(next) == 0 {
		return nil
	}
	var stored []models.SegmentDue
	if err := store.Among(r.tx.Where("workspace_id = ?", r.workspace), "chunk", slices.Sorted(maps.Keys(next))).Find(&stored).Error; err != nil {
		return err
	}
	for _, row := range stored {
		if !next[row.Chunk].Before(row.DueAt) {
			delete(next, row.Chunk)
		}
	}
	return r.saveDues(next)
}

func (r *round) saveDues(next dues) error {
	var rows []models.SegmentDue
	for _, chunk := range slices.Sorted(maps.Keys(next)) {
		rows = append(rows, models.SegmentDue{WorkspaceID: r.workspace, Chunk: chunk, DueAt: models.Instant(next[chunk])})
	}
	return inBatches(rows, func(rows []models.SegmentDue) error {
		return r.tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "workspace_id"}, {Name: "chunk"}},
			DoUpdates: clause.AssignmentColumns([]string{"due_at"}),
		}).Create(&rows).Error
	})
}

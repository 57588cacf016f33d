package segments

import (
	"maps"
	"slices"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// marksAtOnce is about how many marks one transaction processes. On SQLite a write must not block others for more than 50 ms.
func marksAtOnce(tx *gorm.DB) int {
	if tx.Name() == string(store.SQLite) {
		return 500
	}
	return 1000
}

// recalculate updates the memberships of marked contacts and deletes the marks it read. It reports whether more marks
// may wait.
func (r *round) recalculate() (more bool, err error) {
	marks, err := r.readMarks(marksAtOnce(r.tx))
	if err != nil || len(marks.origins) == 0 {
		return false, models.In("recalculate: read marks", err)
	}
	if len(r.segments) > 0 {
		if err := r.apply(marks.origins); err != nil {
			return false, models.In("recalculate", err)
		}
	}
	return marks.more, models.In("recalculate: delete marks", r.deleteMarks(marks))
}

// apply evaluates the contacts and writes the memberships that changed.
func (r *round) apply(origins map[int64]origin) error {
	contacts := slices.Sorted(maps.Keys(origins))
	bits, err := readChunks(store.Among(r.tx, "chunk", chunksOf(contacts)), r.workspace)
	if err != nil {
		return models.In("read bits", err)
	}
	gone := maps.Clone(origins)
	e := r.evaluation(r.versions)
	decide := func(subject *rule.Subject) {
		delete(gone, subject.ID)
		r.decide(e, bits, subject, origins[subject.ID])
	}
	if err := eachSubject(r.tx, r.workspace, e.needs(), someOf(contacts), decide); err != nil {
		return models.In("evaluate contacts", err)
	}
	for _, contact := range slices.Sorted(maps.Keys(gone)) {
		r.forget(bits, contact, origins[contact])
	}
	if err := bits.save(r.tx); err != nil {
		return models.In("write bits", err)
	}
	if err := r.lowerDues(e.dues); err != nil {
		return models.In("write when time changes them", err)
	}
	return models.In("write who entered and left", r.saveTally())
}

// decide sets the contact's bits in every segment, and records its moves in visible ones.
func (r *round) decide(e *evaluation, bits *chunks, subject *rule.Subject, why origin) {
	chunk := subject.ID / chunkSize
	row := bits.now[chunk]
	e.of(subject, row)
	for _, v := range e.versions {
		if v == v.of.shown && v.in != row.has(v.slot, subject.ID) {
			r.moved(v.of, subject.ID, v.in, why)
		}
		row = row.with(v.slot, subject.ID, v.in)
	}
	bits.now[chunk] = row
}

// forget removes a contact that no longer exists from every segment, including frozen ones.
func (r *round) forget(bits *chunks, contact int64, why origin) {
	chunk := contact / chunkSize
	for _, g := range r.segments {
		if bits.now[chunk].has(g.Slot, contact) {
			r.moved(g, contact, false, why)
		}
	}
	bits.now[chunk] = bits.now[chunk].without(contact)
}

// chunksOf returns the distinct chunks of sorted contact ids.
func chunksOf(contacts []int64) []int64 {
	numbers := make([]int64, len(contacts))
	for i, contact := range contacts {
		numbers[i] = contact / chunkSize
	}
	return slices.Compact(numbers)
}

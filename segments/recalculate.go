package segments

import (
	"maps"
	"slices"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// marksAtOnce is how many marks one transaction takes. On SQLite a write must not hold up the others for over 50 ms.
func marksAtOnce(tx *gorm.DB) int {
	if tx.Name() == string(models.SQLite) {
		return 500
	}
	return 1000
}

// recalculate brings the memberships of the marked contacts up to date and deletes the marks it read. It says whether
// more may be waiting.
func (r *round) recalculate() (more bool, err error) {
	limit := marksAtOnce(r.tx)
	var marks []models.DirtyContact
	if err := r.tx.Where("workspace_id = ?", r.workspace).Order("id").Limit(limit).Find(&marks).Error; err != nil || len(marks) == 0 {
		return false, err
	}
	causes := make(map[int64]*uuid.UUID, len(marks)) // by contact, the call of its last mark
	ids := make([]int64, len(marks))
	for i, mark := range marks {
		causes[mark.ContactID], ids[i] = mark.RequestID, mark.ID
	}
	if len(r.segments) > 0 {
		if err := r.apply(causes); err != nil {
			return false, err
		}
	}
	err = r.tx.Where("workspace_id = ? AND id IN ?", r.workspace, padded(ids)).Delete(&models.DirtyContact{}).Error
	return len(marks) == limit, err
}

// apply writes what differs between the stored memberships of the contacts and what the rules say of them now.
func (r *round) apply(causes map[int64]*uuid.UUID) error {
	contacts := slices.Sorted(maps.Keys(causes))
	bits, err := readChunks(r.tx.Where("chunk IN ?", padded(chunksOf(contacts))), r.workspace)
	if err != nil {
		return err
	}
	gone := maps.Clone(causes)
	var changes []models.SegmentChange
	decide := func(subject *Subject) {
		delete(gone, subject.ID)
		changes = append(changes, r.decide(bits, subject, causes[subject.ID])...)
	}
	if err := eachSubject(r.tx, r.workspace, decide, "c.id IN ?", padded(contacts)); err != nil {
		return err
	}
	for _, contact := range slices.Sorted(maps.Keys(gone)) {
		changes = append(changes, r.forget(bits, contact, causes[contact])...)
	}
	if err := bits.save(r.tx); err != nil {
		return err
	}
	if err := r.saveCounts(); err != nil {
		return err
	}
	return inBatches(changes, func(rows []models.SegmentChange) error { return r.tx.Create(&rows).Error })
}

// decide sets the contact's bits in every segment, and returns who entered and left what people see.
func (r *round) decide(bits *chunks, subject *Subject, cause *uuid.UUID) (changes []models.SegmentChange) {
	chunk := subject.ID / chunkSize
	row := bits.now[chunk]
	for _, g := range r.segments {
		if g.shown != nil {
			in := g.shown.Match(subject, r.at)
			if in != row.has(g.Slot, subject.ID) {
				row = row.with(g.Slot, subject.ID, in)
				changes = append(changes, r.change(g, subject.ID, in, cause))
			}
		}
		if g.building != nil {
			row = row.with(*g.BuildingSlot, subject.ID, g.building.Match(subject, r.at))
		}
	}
	bits.now[chunk] = row
	return changes
}

// forget takes a contact that does not exist any more out of every segment, the frozen ones too.
func (r *round) forget(bits *chunks, contact int64, cause *uuid.UUID) (changes []models.SegmentChange) {
	chunk := contact / chunkSize
	for _, g := range r.segments {
		if bits.now[chunk].has(g.Slot, contact) {
			changes = append(changes, r.change(g, contact, false, cause))
		}
	}
	bits.now[chunk] = bits.now[chunk].without(contact)
	return changes
}

func (r *round) change(g *running, contact int64, entered bool, cause *uuid.UUID) models.SegmentChange {
	if entered {
		g.count++
	} else {
		g.count--
	}
	return models.SegmentChange{WorkspaceID: r.workspace, ID: models.NewID(r.now), SegmentID: g.ID, ContactID: contact,
		Entered: entered, RequestID: cause, At: r.now}
}

func (r *round) saveCounts() error {
	for _, g := range r.segments {
		if g.count == 0 {
			continue
		}
		if err := r.update(g, map[string]any{"member_count": g.MemberCount + g.count}); err != nil {
			return err
		}
	}
	return nil
}

// chunksOf returns the distinct chunks of sorted contact ids.
func chunksOf(contacts []int64) []int64 {
	numbers := make([]int64, len(contacts))
	for i, contact := range contacts {
		numbers[i] = contact / chunkSize
	}
	return slices.Compact(numbers)
}

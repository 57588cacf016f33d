package segments

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// A verification, or full check, compares the stored memberships with the rules. A difference without a reason is
// drift: a fault of the program or the database. It is repaired, counted and reported.

// difference is a stored membership that is wrong.
type difference struct {
	segment *running
	contact int64
	in      bool // the correct value
}

// verifiedPage is the result of a verification of some chunks.
type verifiedPage struct {
	contacts  int64 // contacts evaluated
	found     []difference
	late      []int64 // chunks where passing time changes something before they are due
	postponed bool    // too many marks wait: nothing was compared
}

func (p verifiedPage) differences() int64 { return int64(len(p.found) + len(p.late)) }

// comparable reports whether the stored membership must match the segment's rule. A segment that is being rebuilt is
// skipped: its old slot may follow an older rule or time zone, and the swap replaces it completely.
func (g *running) comparable() bool { return g.shown != nil && g.building == nil }

// verifyPage compares the memberships in the chunks [from, to) with a full evaluation at this moment and repairs
// differences. Contacts that do not exist must be in no segment, whatever its state. While very many marks wait it does nothing
// and sets postponed.
func (r *round) verifyPage(from, to int64) (p verifiedPage, err error) {
	if p.postponed, err = r.marksFirst(); p.postponed || err != nil {
		return p, err
	}
	bits, err := readChunks(r.tx.Where("chunk >= ? AND chunk < ?", from, to), r.workspace)
	if err != nil {
		return p, models.In("read bits", err)
	}
	var versions []*version
	for _, v := range r.versions {
		if v == v.of.shown && v.of.comparable() {
			versions = append(versions, v)
		}
	}
	e := r.evaluation(versions)
	there := map[int64]chunkBits{} // existing contacts, as slot 0
	look := func(subject *rule.Subject) {
		chunk := subject.ID / chunkSize
		there[chunk] = there[chunk].with(0, subject.ID, true)
		p.contacts++
		e.of(subject, bits.read[chunk])
		p.found = append(p.found, e.differences(subject)...)
	}
	if err := eachSubject(r.tx, r.workspace, e.needs(), span(from*chunkSize, to*chunkSize), look); err != nil {
		return p, models.In("evaluate contacts", err)
	}
	for chunk, row := range bits.read {
		for _, g := range r.segments {
			for _, contact := range row.beyond(g.Slot, there[chunk], chunk) {
				p.found = append(p.found, difference{g, contact, false})
			}
		}
	}
	if p.late, err = r.late(e.dues, from, to); err != nil {
		return p, models.In("read when time changes them", err)
	}
	if len(p.found) == 0 && len(p.late) == 0 {
		return p, nil
	}
	if err := r.leaveOutWhatWaits(&p, from, to); err != nil {
		return p, models.In("read marks", err)
	}
	if err := r.repair(bits, p.found); err != nil {
		return p, models.In("repair", err)
	}
	return p, r.lowerDues(e.dues)
}

// clockSkew is how far the clocks of two replicas may differ before one takes the other's work for drift.
const clockSkew = 5 * time.Second

// differences returns the wrong memberships of the last evaluated contact.
func (e *evaluation) differences(subject *rule.Subject) (found []difference) {
	for _, v := range e.versions {
		if v.in != e.row.has(v.slot, subject.ID) {
			found = append(found, difference{v.of, subject.ID, v.in})
		}
	}
	if len(found) > 0 && e.aboutToChange(subject) {
		return nil // a replica whose clock is ahead may have done it already
	}
	return found
}

// aboutToChange reports whether passing time changes a membership of the contact within clockSkew.
func (e *evaluation) aboutToChange(subject *rule.Subject) bool {
	return slices.ContainsFunc(e.versions, func(v *version) bool {
		if !v.timed {
			return false
		}
		subject.In = v.asks
		next := v.matcher.Next(subject, e.round.at)
		return !next.IsZero() && next.Before(e.round.now.Add(clockSkew))
	})
}

// beyond returns the contacts in the slot that do not exist; there holds the existing ones, as slot 0.
func (b chunkBits) beyond(slot int, there chunkBits, chunk int64) (gone []int64) {
	if slot < 0 || len(b) <= slot*slotBytes {
		return nil
	}
	for id := chunk * chunkSize; id < (chunk+1)*chunkSize; id++ {
		if b.has(slot, id) && !there.has(0, id) {
			gone = append(gone, id)
		}
	}
	return gone
}

// late returns the chunks in [from, to) where passing time changes something before they are due.
func (r *round) late(next dues, from, to int64) (late []int64, err error) {
	if len(next) == 0 {
		return nil, nil
	}
	var rows []models.SegmentDue
	if err := r.tx.Where("workspace_id = ? AND chunk >= ? AND chunk < ?", r.workspace, from, to).Find(&rows).Error; err != nil {
		return nil, err
	}
	stored := rule.ByID(rows, func(d models.SegmentDue) int64 { return d.Chunk })
	for chunk, at := range next {
		if due, ok := stored[chunk]; (!ok || at.Before(due.DueAt)) && !at.Before(r.now.Add(clockSkew)) {
			late = append(late, chunk)
		}
	}
	return late, nil
}

// leaveOutWhatWaits drops what the next ticks will process: contacts with a mark, and chunks in which time has changed
// something.
//
// It reads the marks after the contacts. A change and its mark are committed together, and only the holder of the
// workspace's lock, this transaction, deletes marks. So a change that the contacts showed either still has its mark or
// was processed before this lock. If it read the marks first, a change committed in between would show in the contact
// but not in the marks, and would count as drift. A change after the contacts were read only leaves out a contact that
// was correct.
func (r *round) leaveOutWhatWaits(p *verifiedPage, from, to int64) error {
	chunks := make([]int64, 0, to-from)
	for chunk := from; chunk < to; chunk++ {
		chunks = append(chunks, chunk)
	}
	marked, err := r.markedIn(chunks)
	if err != nil {
		return err
	}
	var due []int64
	err = r.tx.Model(&models.SegmentDue{}).Where("workspace_id = ? AND chunk >= ? AND chunk < ? AND due_at <= ?", r.workspace, from, to, r.now).
		Pluck("chunk", &due).Error
	isDue, moving := map[int64]bool{}, map[int64]bool{}
	for contact := range marked {
		moving[contact/chunkSize] = true
	}
	for _, chunk := range due {
		isDue[chunk] = true
	}
	p.found = slices.DeleteFunc(p.found, func(d difference) bool { return marked[d.contact] || isDue[d.contact/chunkSize] })
	p.late = slices.DeleteFunc(p.late, func(chunk int64) bool { return moving[chunk] })
	return err
}

// repair stores the correct memberships and records the moves. It counts the members of these segments again, because the
// stored counts may include wrong bits.
func (r *round) repair(bits *chunks, found []difference) error {
	if len(found) == 0 {
		return nil
	}
	slices.SortFunc(found, func(a, b difference) int { return cmp.Compare(a.contact, b.contact) })
	repaired := map[*running]bool{}
	for _, d := range found {
		chunk := d.contact / chunkSize
		bits.now[chunk] = bits.now[chunk].with(d.segment.Slot, d.contact, d.in)
		m := r.inBulk(d.segment, chunk, origin{cause: models.CauseRepair})
		if d.in {
			m.entered = append(m.entered, d.contact)
			r.count(d.segment, 1, 0, models.CauseRepair)
		} else {
			m.departed = append(m.departed, d.contact)
			r.count(d.segment, 0, 1, models.CauseRepair)
		}
		repaired[d.segment] = true
	}
	if err := bits.save(r.tx); err != nil {
		return err
	}
	if _, err := r.recount(func(g *running) bool { return repaired[g] }); err != nil {
		return err
	}
	return r.saveTally()
}

// recount compares the member counts of the segments selected by meant with their bits, corrects them for saveTally,
// and returns the segments with wrong counts.
func (r *round) recount(meant func(*running) bool) (wrong []*running, err error) {
	counts, err := countSlots(r.tx, r.workspace)
	if err != nil {
		return nil, err
	}
	for _, g := range r.segments {
		if g.Slot < 0 || !meant(g) {
			continue
		}
		var count int64
		if g.Slot < len(counts) {
			count = counts[g.Slot]
		}
		if count != g.MemberCount {
			r.day(g)
			g.MemberCount, wrong = count, append(wrong, g)
		}
	}
	return wrong, nil
}

// countSlots counts the contacts in every slot.
func countSlots(tx *gorm.DB, workspace int64) (counts []int64, err error) {
	rows, err := tx.Raw("SELECT bits FROM segment_bits WHERE workspace_id = ?", workspace).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var row []byte
		if err := rows.Scan(&row); err != nil {
			return nil, err
		}
		for len(counts)*slotBytes < len(row) {
			counts = append(counts, 0)
		}
		for i, b := range row {
			counts[i/slotBytes] += int64(bits.OnesCount8(b))
		}
	}
	return counts, rows.Err()
}

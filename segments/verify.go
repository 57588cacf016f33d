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

// A verification compares the memberships as they are stored with what the rules say. Whatever differs without a reason
// is drift: a fault of the program or of the database. It is repaired, counted and reported.

// difference is a membership that is stored otherwise than it ought to be.
type difference struct {
	segment *running
	contact int64
	in      bool // as it ought to be
}

// verifiedPage is what a verification found in some chunks.
type verifiedPage struct {
	contacts int64 // that were looked at
	found    []difference
	late     []int64 // chunks that passing time would have changed before they were due
}

func (p verifiedPage) differences() int64 { return int64(len(p.found) + len(p.late)) }

// comparable reports whether the rule decides what is stored for the segment. One that is being rebuilt is left alone:
// its slot may follow another rule or time zone than the one that is stored by now, and is replaced as a whole.
func (g *running) comparable() bool { return g.shown != nil && g.building == nil }

// verifyPage compares the memberships in the chunks [from, to) with a full evaluation at this moment and repairs what
// differs. Contacts that do not exist must be in no segment, whatever its state.
func (r *round) verifyPage(from, to int64) (p verifiedPage, err error) {
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
	there := map[int64]chunkBits{} // who exists, as slot 0
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

// clockSkew is how far the clocks of two replicas may be apart without one taking the other's work for drift.
const clockSkew = 5 * time.Second

// differences returns where the contact that was evaluated last is stored otherwise.
func (e *evaluation) differences(subject *rule.Subject) (found []difference) {
	for _, v := range e.versions {
		if v.in != e.row.has(v.slot, subject.ID) {
			found = append(found, difference{v.of, subject.ID, v.in})
		}
	}
	if len(found) > 0 && e.aboutToChange(subject) {
		return nil // a replica whose clock is ahead has seen to it already
	}
	return found
}

// aboutToChange reports whether time changes one of the contact's memberships within clockSkew.
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

// beyond returns the contacts of the slot that do not exist; there holds those who do, as slot 0.
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

// late returns the chunks in [from, to) that are due later than the next instant at which time changes something there.
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

// leaveOutWhatWaits leaves out what the next ticks see to anyway: contacts with a mark, and chunks in which time has
// changed something.
//
// The marks are read after the contacts. A change and its mark are committed together, and nobody but the holder of the
// workspace's lock, which is us, takes marks away: a change that the contacts showed has its mark still there, or was
// followed before we had the lock. Read the other way round, a change that is committed in between would show in the
// contact and not in the marks, and would be taken for drift. A change that comes after the contacts were read has a
// mark too, which only leaves out a contact that was right.
func (r *round) leaveOutWhatWaits(p *verifiedPage, from, to int64) error {
	var marked, due []int64
	err := r.tx.Model(&models.DirtyContact{}).Where("workspace_id = ? AND contact_id >= ? AND contact_id < ?", r.workspace, from*chunkSize, to*chunkSize).
		Distinct().Pluck("contact_id", &marked).Error
	if err != nil {
		return err
	}
	err = r.tx.Model(&models.SegmentDue{}).Where("workspace_id = ? AND chunk >= ? AND chunk < ? AND due_at <= ?", r.workspace, from, to, r.now).
		Pluck("chunk", &due).Error
	isMarked, isDue, moving := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
	for _, contact := range marked {
		isMarked[contact], moving[contact/chunkSize] = true, true
	}
	for _, chunk := range due {
		isDue[chunk] = true
	}
	p.found = slices.DeleteFunc(p.found, func(d difference) bool { return isMarked[d.contact] || isDue[d.contact/chunkSize] })
	p.late = slices.DeleteFunc(p.late, func(chunk int64) bool { return moving[chunk] })
	return err
}

// repair stores the memberships as they ought to be, with the note of who entered and left. The counts of the segments are
// taken again: the stored counts may include the wrong bits, so they cannot be trusted.
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

// recount compares the member counts of the segments that are meant with their bits, sets them right for saveTally, and
// returns those that were wrong.
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

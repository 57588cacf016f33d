package segments

import (
	"slices"

	"campaignlark/models"
	"campaignlark/models/store"
)

// firedMove is a move that an automation can start on: of one contact, by a change of the contact or because time passed. A new or edited
// rule starts nothing, nor does a repair.
type firedMove struct {
	segment, contact int64
	entered          bool
	why              origin
}

func (t *tally) fireMany(segment int64, entered, departed []int64, why origin) {
	for _, id := range entered {
		t.fired = append(t.fired, firedMove{segment, id, true, why})
	}
	for _, id := range departed {
		t.fired = append(t.fired, firedMove{segment, id, false, why})
	}
}

func (m firedMove) event() models.EventType {
	if m.entered {
		return models.EventSegmentEntered
	}
	return models.EventSegmentLeft
}

// byHand reports whether a person or an import changed the contact.
func (m firedMove) byHand() bool {
	return m.why.run == nil && (m.why.cause == models.CauseEdit || m.why.cause == models.CauseImport)
}

// firedAtOnce is how many contacts are read together.
const firedAtOnce = 200

// fire writes the events of the moves for which an automation listens.
func (r *round) fire() error {
	moves := r.tally.fired
	r.tally.fired = nil
	if len(moves) == 0 {
		return nil
	}
	listens, err := store.ListensTo(r.tx, r.workspace)
	if err != nil {
		return err
	}
	moves = slices.DeleteFunc(moves, func(m firedMove) bool { return !listens.Has(m.event(), m.byHand()) })
	for some := range slices.Chunk(moves, firedAtOnce) {
		if err := r.fireSome(some); err != nil {
			return err
		}
	}
	return nil
}

func (r *round) fireSome(moves []firedMove) error {
	ids := make([]int64, len(moves))
	for i, m := range moves {
		ids[i] = m.contact
	}
	people, err := store.SnapshotsOf(r.tx, r.workspace, ids)
	if err != nil {
		return err
	}
	var events []models.AutomationEvent
	for _, m := range moves {
		p, exists := people[m.contact]
		if !exists { // erased in between
			continue
		}
		e := models.EventAbout(p.Contact, p.Tags, m.event(), r.now)
		e.SubjectID, e.RequestID, e.RunID, e.JobID, e.ByHand, e.Depth = m.segment, m.why.request, m.why.run, m.why.job, m.byHand(), m.why.depth
		events = append(events, e)
	}
	return inBatches(events, func(rows []models.AutomationEvent) error { return r.tx.Create(&rows).Error })
}

package segments

import (
	"time"

	"campaignlark/segments/rule"
)

// evaluation evaluates contacts, one after the other, against some versions: each sees what was just decided for those
// that it asks, and the stored bit of a version that is not among them.
type evaluation struct {
	round    *round
	versions []*version
	contact  int64
	row      chunkBits // of the contact's chunk, as stored
	dues     dues
}

// evaluation begins one against the versions, which are in order. A round has one at a time.
func (r *round) evaluation(versions []*version) *evaluation {
	e := &evaluation{round: r, versions: versions, dues: dues{}}
	for _, v := range r.versions {
		v.taken = false
	}
	for _, v := range versions {
		v.taken = true
		v.asks = func(segment int64) bool { return e.isIn(v, segment) }
	}
	return e
}

// isIn reports whether the contact is in the segment as v has to see it.
func (e *evaluation) isIn(v *version, segment int64) bool {
	asked := e.round.asked(v, segment)
	switch g := e.round.byID[segment]; {
	case asked != nil && asked.taken:
		return asked.in
	case asked != nil:
		return e.row.has(asked.slot, e.contact)
	case g != nil:
		return e.row.has(g.Slot, e.contact) // frozen
	}
	return false
}

// of evaluates a contact, whose chunk's row is as stored: each version's in is the answer.
func (e *evaluation) of(subject *rule.Subject, row chunkBits) {
	e.contact, e.row = subject.ID, row
	var soonest time.Time
	for _, v := range e.versions {
		subject.In = v.asks
		if !v.timed {
			v.in = v.matcher.Match(subject, e.round.at)
			continue
		}
		var next time.Time
		v.in, next = v.matcher.MatchUntil(subject, e.round.at)
		soonest = rule.Sooner(soonest, next)
	}
	e.dues.note(subject.ID/chunkSize, soonest)
}

// needs is what the versions read of a contact.
func (e *evaluation) needs() (needs rule.Needs) {
	for _, v := range e.versions {
		needs = needs.Merge(v.matcher.Needs())
	}
	return needs
}

// dues are the next instants, by chunk, at which passing time alone can change a membership.
type dues map[int64]time.Time

// note keeps the earlier one; no instant is none.
func (d dues) note(chunk int64, next time.Time) {
	if before, ok := d[chunk]; !next.IsZero() && (!ok || next.Before(before)) {
		d[chunk] = next
	}
}

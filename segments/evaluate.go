package segments

import (
	"time"

	"campaignlark/segments/rule"
)

// evaluation evaluates contacts one by one with some versions. A version that refers to another sees that one's new
// result if it is part of the evaluation, else its stored bit.
type evaluation struct {
	round    *round
	versions []*version
	contact  int64
	row      chunkBits // of the contact's chunk, as stored
	dues     dues
}

// evaluation starts an evaluation with these versions, which are in order. A round has one at a time.
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

// isIn reports whether the contact is in the segment, from the point of view of v.
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

// of evaluates a contact and sets in of each version; row is its chunk as stored.
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

// needs returns what the versions read of a contact.
func (e *evaluation) needs() (needs rule.Needs) {
	for _, v := range e.versions {
		needs = needs.Merge(v.matcher.Needs())
	}
	return needs
}

// dues holds, by chunk, the next instant at which passing time alone can change a membership.
type dues map[int64]time.Time

// note keeps the earlier instant; it ignores the zero time.
func (d dues) note(chunk int64, next time.Time) {
	if before, ok := d[chunk]; !next.IsZero() && (!ok || next.Before(before)) {
		d[chunk] = next
	}
}

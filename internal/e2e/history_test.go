package e2e

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"campaignlark/models"

	"github.com/google/uuid"
)

// call is one call of a sender with its reply. Every call gives one field a value that no other call gives, so that every call
// that may set fields changes its contact.
type call struct {
	address    string
	kind       models.WebhookType
	key, value string
	reply
}

// told holds everything that is known after many calls: the replies to the senders and the rows of the database.
type told struct {
	t           *testing.T
	calls       []call
	log         map[uuid.UUID]models.WebhookRequest
	contacts    map[int64]models.Contact
	tags        map[int64][]models.ContactTag // by contact
	deleted     map[int64]bool                // contacts that the admin deleted
	tagsDeleted int
	tagsLeft    int
}

// checkHistories checks the calls of each contact in the order of its versions. Each call must have the outcome that CONTRACT
// gives it after the calls before it. The first call creates the contact. The last one deletes it or leaves it as it is in the
// database.
func (w *told) checkHistories() {
	w.t.Helper()
	byContact := map[int64][]call{}
	for _, c := range w.calls {
		row, ok := w.log[uuid.MustParse(c.id)]
		if !ok || row.Status != c.status {
			w.t.Errorf("%s %s got %d, but the log says %+v", c.kind, c.address, c.status, row)
			continue
		}
		if c.status == 200 {
			byContact[*row.ContactID] = append(byContact[*row.ContactID], c)
		} else if row.Event != nil {
			w.t.Errorf("%s %s did nothing and fired %s", c.kind, c.address, *row.Event)
		}
	}
	if len(w.log) != len(w.calls) {
		w.t.Errorf("got %d rows in the log, want one for each of %d calls", len(w.log), len(w.calls))
	}
	for id := range w.contacts {
		if byContact[id] == nil {
			w.t.Errorf("no call created the contact %d", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byContact)) {
		slices.SortFunc(byContact[id], func(x, y call) int { return cmp.Compare(w.version(x), w.version(y)) })
		w.checkLife(id, byContact[id])
	}
	w.checkMissing(byContact)
	w.checkRealTime(byContact)
}

// version returns the contact's version after a successful call.
func (w *told) version(c call) int64 { return *w.log[uuid.MustParse(c.id)].ContactVersion }

// next returns what a call of a type does to a contact with a status, by CONTRACT "What each type does". The status "" stands
// for no contact.
func next(kind models.WebhookType, before models.Status) (outcome models.Outcome, after models.Status, event models.EventType) {
	switch {
	case kind == models.TypeDelete:
		return models.OutcomeDeleted, "", ""
	case kind == models.TypeUnsubscribed:
		return models.OutcomeUnsubscribed, models.StatusUnsubscribed, models.EventUnsubscribed
	case kind == models.TypeUnconfirmed && before == "":
		return models.OutcomeCreated, models.StatusUnconfirmed, models.EventPending
	case kind == models.TypeUnconfirmed && before == models.StatusUnconfirmed:
		return models.OutcomeUpdated, models.StatusUnconfirmed, models.EventPending
	case kind == models.TypeUnconfirmed:
		return models.OutcomeUnconfirmed, models.StatusUnconfirmed, models.EventPending
	case before == "":
		return models.OutcomeCreated, models.StatusSubscribed, models.EventConfirmed
	case before == models.StatusSubscribed:
		return models.OutcomeUpdated, models.StatusSubscribed, ""
	}
	return models.OutcomeResubscribed, models.StatusSubscribed, models.EventConfirmed
}

// checkLife checks the calls of one contact, one after the other.
func (w *told) checkLife(id int64, calls []call) {
	w.t.Helper()
	var status models.Status
	var version int64
	fields := map[string]string{}
	for i, c := range calls {
		row := w.log[uuid.MustParse(c.id)]
		outcome, after, event := next(c.kind, status)
		if row.Outcome != outcome || c.address != calls[0].address || (i == 0) != (status == "") || i == 0 && *row.ContactVersion != 1 {
			w.t.Errorf("contact %d, version %d: got %s %s %s after the status %q, want %s", id, *row.ContactVersion, c.address, c.kind, row.Outcome, status, outcome)
		}
		if *row.ContactVersion <= version {
			w.t.Errorf("contact %d: got the version %d twice", id, version)
		}
		w.checkEvent(c, row, event)
		if c.kind.HasTags() {
			fields[c.key] = c.value
		}
		status, version = after, *row.ContactVersion
	}
	w.checkEnd(id, calls, status, version, fields)
}

func (w *told) checkEvent(c call, row models.WebhookRequest, want models.EventType) {
	w.t.Helper()
	if row.Fired() != want {
		w.t.Errorf("%s %s, version %d of contact %d: got the event %q, want %q", c.kind, c.address, *row.ContactVersion, *row.ContactID, row.Fired(), want)
	}
}

// checkEnd compares a contact after its last call with the contact in the database.
func (w *told) checkEnd(id int64, calls []call, status models.Status, version int64, fields map[string]string) {
	w.t.Helper()
	c, there := w.contacts[id]
	if gone := status == "" || w.deleted[id]; gone == there {
		w.t.Errorf("contact %d (%s): there is %v, want %v", id, calls[0].address, there, !gone)
	}
	for _, one := range calls {
		row := w.log[uuid.MustParse(one.id)]
		if erased := row.Address == nil && row.AddressKey == nil && row.ClientAddress == nil && row.Body == nil; erased == there {
			w.t.Errorf("contact %d (%s): the log row %s is erased: %v, want %v", id, one.address, one.id, erased, !there)
		}
	}
	// The purge of a deleted tag raises the version of a contact that has it. It does so twice if a call that had read the tag
	// before was committed in between.
	atMost := int64(len(calls) + 2*w.tagsDeleted)
	if !there {
		if version > atMost {
			w.t.Errorf("contact %d: got version %d after %d calls, want at most %d", id, version, len(calls), atMost)
		}
		return
	}
	if c.Status != status || c.Version < version || c.Version > atMost || c.Email != calls[0].address || !maps.Equal(c.Fields, fields) {
		w.t.Errorf("contact %d: got %+v, want status %s, version %d to %d, address %s, fields %v", id, c, status, version, atMost, calls[0].address, fields)
	}
	if len(w.tags[id]) != w.tagsLeft {
		w.t.Errorf("contact %d: got the tags %v, want the %d that are left", id, w.tags[id], w.tagsLeft)
	}
}

// checkMissing fails the test if a call got a 404 although the contact existed all the time from before the call until after it.
func (w *told) checkMissing(byContact map[int64][]call) {
	w.t.Helper()
	lives := map[string][][]call{}
	for id, calls := range byContact {
		if !w.deleted[id] { // it is not known when the admin's deletion took effect
			lives[calls[0].address] = append(lives[calls[0].address], calls)
		}
	}
	for _, c := range w.calls {
		if c.status == 200 {
			continue
		}
		if c.status != 404 || c.kind.HasTags() {
			w.t.Errorf("%s %s: got %d %q", c.kind, c.address, c.status, c.message)
		}
		for _, life := range lives[c.address] {
			last := life[len(life)-1]
			if life[0].answered.Before(c.sent) && (last.kind != models.TypeDelete || last.sent.After(c.answered)) {
				w.t.Errorf("%s %s: got 404 while the contact existed", c.kind, c.address)
			}
		}
	}
}

// checkRealTime compares the calls for each address. A call that was sent after another one was answered must take effect later. The
// ids of an address's contacts do not tell their order: replicas reserve ids ahead.
func (w *told) checkRealTime(byContact map[int64][]call) {
	w.t.Helper()
	byAddress := map[string][][]call{} // each contact's calls
	for _, calls := range byContact {
		for i, y := range calls { // in the order in which they took effect
			for _, x := range calls[i+1:] {
				if x.answered.Before(y.sent) {
					w.t.Errorf("%s: %s was answered before %s was sent, but took effect after it", x.address, x.id, y.id)
				}
			}
		}
		byAddress[calls[0].address] = append(byAddress[calls[0].address], calls)
	}
	for address, contacts := range byAddress {
		for i, a := range contacts {
			for _, b := range contacts[i+1:] {
				if anyBefore(a, b) && anyBefore(b, a) {
					w.t.Errorf("%s: two of its contacts existed at the same time", address)
				}
			}
		}
	}
}

// anyBefore reports whether a call of a was answered before a call of b was sent.
func anyBefore(a, b []call) bool {
	first := slices.MinFunc(a, func(x, y call) int { return x.answered.Compare(y.answered) })
	last := slices.MaxFunc(b, func(x, y call) int { return x.sent.Compare(y.sent) })
	return first.answered.Before(last.sent)
}

package intake

import (
	"cmp"
	"context"
	"slices"

	"campaignlark/models"

	"github.com/google/uuid"
)

// history holds the rows of the database after the test, and the answers that the senders got.
type history struct {
	w       *world
	calls   map[uuid.UUID]answered
	rows    []models.WebhookRequest
	lives   map[int64][]models.WebhookRequest // by contact
	ends    map[int64]int64                   // contact → the version at which it was deleted
	byHand  map[int64]bool                    // contacts that the admin deleted
	touched map[int64]int                     // contact → number of its marks, without those of calls and of its deletion by the admin
	types   map[int64]models.WebhookType
}

func readHistory(w *world, calls map[uuid.UUID]answered, deleted map[int64]int64) *history {
	h := &history{w: w, calls: calls, rows: w.log(), lives: map[int64][]models.WebhookRequest{}, ends: map[int64]int64{},
		byHand: map[int64]bool{}, touched: map[int64]int{}, types: map[int64]models.WebhookType{}}
	for kind, hook := range w.hooks {
		h.types[hook.ID] = kind
	}
	for id, version := range deleted {
		h.ends[id], h.byHand[id] = version+1, true
		h.touched[id]-- // the deletion itself leaves a mark
	}
	for _, m := range rowsOf[models.DirtyContact](w, "request_id IS NULL") {
		h.touched[m.ContactID]++
	}
	for _, row := range h.rows {
		if row.ContactID == nil {
			continue
		}
		h.lives[*row.ContactID] = append(h.lives[*row.ContactID], row)
		if row.Outcome == models.OutcomeDeleted {
			if _, twice := h.ends[*row.ContactID]; twice {
				w.t.Errorf("contact %d was deleted twice", *row.ContactID)
			}
			h.ends[*row.ContactID] = *row.ContactVersion
		}
	}
	return h
}

// checkLog expects one log row for each call, with the status that its sender got, and the same numbers in webhook_counts.
func (h *history) checkLog() {
	if len(h.rows) != len(h.calls) {
		h.w.t.Errorf("got %d log rows for %d calls", len(h.rows), len(h.calls))
	}
	outcomes := map[models.Outcome]int64{}
	for _, row := range h.rows {
		outcomes[row.Outcome]++
		if c := h.calls[row.ID]; c.answer.Status != row.Status {
			h.w.t.Errorf("%s: its sender got %d, its row says %d", row.ID, c.answer.Status, row.Status)
		}
	}
	for outcome, n := range outcomes {
		var counted int64
		if err := h.w.db.Read(context.Background()).Raw("SELECT sum(calls) FROM webhook_counts WHERE outcome = ?", outcome).Scan(&counted).Error; err != nil {
			h.w.t.Fatal(err)
		}
		if counted != n {
			h.w.t.Errorf("%s: got a count of %d, want %d", outcome, counted, n)
		}
	}
}

// eventOf returns the event that the call of a log row must have fired, or "".
func (h *history) eventOf(row models.WebhookRequest) models.EventType {
	switch kind := h.types[row.WebhookID]; {
	case row.Status != 200 || kind == models.TypeDelete:
		return ""
	case kind == models.TypeUnconfirmed:
		return models.EventPending
	case kind == models.TypeUnsubscribed:
		return models.EventUnsubscribed
	case row.Outcome == models.OutcomeUpdated:
		return ""
	}
	return models.EventConfirmed
}

// checkEvents expects in each row the event that follows from its outcome, erased or not.
func (h *history) checkEvents() {
	for _, row := range h.rows {
		if want := h.eventOf(row); row.Fired() != want {
			h.w.t.Errorf("got the event %q, want %q from %+v", row.Fired(), want, row)
		}
	}
}

// raises reports whether a call raised its contact's version. unknown says that its row is erased and does not tell.
func (h *history) raises(row models.WebhookRequest) (raises, unknown bool) {
	if row.Outcome != models.OutcomeUpdated || h.types[row.WebhookID] == models.TypeUnconfirmed {
		return true, false
	}
	if row.Body == nil {
		return false, true
	}
	return h.w.body(row).Before.Version != *row.ContactVersion, false
}

// checkLife checks the calls of one contact. They begin with its creation. Each outcome follows from the status before it. No
// version is missing or given twice, and nothing happens after the deletion.
func (h *history) checkLife(id int64) {
	rows := h.lives[id]
	slices.SortStableFunc(rows, h.byVersion)
	raised, unknown := map[int64]int{}, 0
	var status models.Status
	for i, row := range rows {
		if created := row.Outcome == models.OutcomeCreated; created != (i == 0) || created && *row.ContactVersion != 1 {
			h.w.t.Errorf("contact %d: got %s as its call %d at version %d", id, row.Outcome, i, *row.ContactVersion)
		}
		status = h.statusAfter(id, status, row)
		yes, maybe := h.raises(row)
		if yes {
			raised[*row.ContactVersion]++
		} else if maybe {
			unknown++
		}
		if _, gone := h.ends[id]; gone && (row.Body != nil || row.Address != nil || row.AddressKey != nil) {
			h.w.t.Errorf("contact %d: the row of %s is not erased", id, row.Outcome)
		}
	}
	for version, n := range raised {
		if n != 1 {
			h.w.t.Errorf("contact %d: version %d was given %d times", id, version, n)
		}
	}
	last := h.lastVersion(id, *rows[len(rows)-1].ContactVersion, status)
	missing := int(last) - len(raised)
	if missing < h.touched[id] || missing > h.touched[id]+unknown {
		h.w.t.Errorf("contact %d: %d versions up to %d come from no call, but %d from an admin", id, missing, last, h.touched[id])
	}
}

// byVersion orders the rows of a contact by version. The row that raised the version comes before the others of that version.
func (h *history) byVersion(a, b models.WebhookRequest) int {
	if *a.ContactVersion != *b.ContactVersion {
		return cmp.Compare(*a.ContactVersion, *b.ContactVersion)
	}
	if raises, _ := h.raises(a); raises {
		return -1
	}
	return 1
}

// lastVersion returns the last version of a contact. called is the version after its last call, status its status then.
func (h *history) lastVersion(id, called int64, status models.Status) int64 {
	last := called
	if end, gone := h.ends[id]; gone {
		if last = end; h.byHand[id] {
			last--
		}
		if called > last {
			h.w.t.Errorf("contact %d: a call at version %d after its deletion at %d", id, called, last)
		}
	}
	if c := rowsOf[models.Contact](h.w, "id = ?", id); len(c) == 1 {
		last = c[0].Version
		if c[0].Status != status {
			h.w.t.Errorf("contact %d: got %s, want %s", id, c[0].Status, status)
		}
	}
	return last
}

// statusAfter returns a contact's status after one call, and fails the test if the outcome does not fit the status before.
func (h *history) statusAfter(id int64, before models.Status, row models.WebhookRequest) models.Status {
	kind := h.types[row.WebhookID]
	becomes := models.Status(kind)
	ok := true
	switch row.Outcome {
	case models.OutcomeCreated:
		ok = before == ""
	case models.OutcomeUpdated:
		ok = before == becomes
	case models.OutcomeResubscribed:
		ok = kind == models.TypeSubscribed && before != "" && before != becomes
	case models.OutcomeUnconfirmed:
		ok = kind == models.TypeUnconfirmed && before != "" && before != becomes
	case models.OutcomeUnsubscribed:
		ok = kind == models.TypeUnsubscribed && before != ""
	case models.OutcomeDeleted:
		ok, becomes = before != "", ""
	}
	if !ok {
		h.w.t.Errorf("contact %d at version %d: %s of a %s webhook after %q", id, *row.ContactVersion, row.Outcome, kind, before)
	}
	return becomes
}

// checkContacts expects the contacts that were not deleted, with the last value sent for each field, and no others. No contact
// has a deleted tag.
func (h *history) checkContacts() {
	t := h.w.t
	alive := map[int64]models.Contact{}
	for _, c := range rowsOf[models.Contact](h.w, "workspace_id = ?", h.w.ws.ID) {
		alive[c.ID] = c
	}
	for id, rows := range h.lives {
		c, there := alive[id]
		if _, gone := h.ends[id]; gone == there {
			t.Errorf("contact %d: deleted is %v, there is %v", id, gone, there)
		}
		if !there {
			continue
		}
		fields := map[string]string{}
		for _, row := range rows { // in the order of versions
			call := h.calls[row.ID]
			if address, _ := call.Submission.Address(); address != c.Email {
				t.Errorf("contact %d: got a call for %s, want %s", id, address, c.Email)
			}
			if h.types[row.WebhookID].HasTags() {
				for _, f := range call.Submission.Fields {
					fields[f.Key] = f.Value.Last()
				}
			}
		}
		for key, want := range fields {
			if c.Fields[key] != want {
				t.Errorf("contact %d: got %q for %s, want %q", id, c.Fields[key], key, want)
			}
		}
	}
	if len(h.lives) < len(alive) {
		t.Errorf("got %d contacts, but the log knows only %d", len(alive), len(h.lives))
	}
	if got := rowsOf[models.ContactTag](h.w, "tag_id NOT IN (SELECT id FROM tags WHERE deleted_at IS NULL)"); len(got) > 0 {
		t.Errorf("%d contacts have a deleted tag", len(got))
	}
}
